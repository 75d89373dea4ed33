//! Where the gate listens, what it answers when servers are away, and how much it bears.

use std::path::PathBuf;

use trustdeck::gate::{GateError, Options};

use super::lab::{Lab, login, options};

fn refused(options: &Options) -> bool {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let sandbox = trustdeck::sandbox::Options {
        dir: Some(dir.path().join("lab")),
        http: true,
        empty: true,
        ..Default::default()
    };
    let sandbox = runtime.block_on(trustdeck::sandbox::start(sandbox)).unwrap();
    let clock = std::sync::Arc::new(jiff::Timestamp::now);
    let engine = trustdeck::engine::Engine::open(sandbox.settings(), clock.clone()).unwrap();
    let started = runtime.block_on(trustdeck::gate::start(&engine, options, clock, std::sync::Arc::new(|_: &str| {})));
    matches!(started, Err(GateError::Options(_)))
}

#[test]
fn strangers_beyond_this_machine_are_not_let_in_unnoticed() {
    let everywhere = Options { listen: "0.0.0.0:0".parse().unwrap(), ..options() };
    assert!(refused(&everywhere), "no TLS");
    assert!(refused(&Options { login: Some(login()), ..everywhere.clone() }), "no TLS for the login");
    let tls = Some((PathBuf::from("cert.pem"), PathBuf::from("key.pem")));
    assert!(refused(&Options { tls: tls.clone(), ..everywhere.clone() }), "no login");
    assert!(!refused(&Options { tls: tls.clone(), open: true, ..everywhere.clone() }));
    assert!(!refused(&Options { tls, login: Some(login()), ..everywhere }));
    assert!(!refused(&options()));
}

#[test]
fn what_was_learned_serves_on_while_the_trust_server_is_away() {
    let mut lab = Lab::start(&options());
    let manifest = "/v2/team/web/manifests/3.1.6";
    assert!(lab.get(manifest).starts_with("HTTP/1.1 200"));
    lab.end_sandbox();
    assert!(lab.get(manifest).starts_with("HTTP/1.1 200"), "tags that were verified a moment ago");
    let unknown = lab.get("/v2/team/api/manifests/2.2");
    assert!(unknown.starts_with("HTTP/1.1 5"), "{unknown}");
    assert!(unknown.contains("\"code\":\"UNAVAILABLE\""), "{unknown}");
    assert!(lab.get("/health").ends_with("ok\n"));
    assert!(lab.get("/v2/team/web/tags/list?n=2").contains("rel=\"next\""));
}

#[test]
fn many_pulls_at_once_are_answered_from_a_few_questions() {
    let lab = Lab::start(&options());
    let before = "/v2/team/web/manifests/3.1.6";
    lab.runtime.block_on(async {
        let url = lab.url();
        let pulls = (0..400).map(|_| crate::support::image::get(&url, before));
        let mut answers = futures_util::stream::iter(pulls);
        use futures_util::StreamExt;
        let mut running = futures_util::stream::FuturesUnordered::new();
        let mut good = 0;
        loop {
            while running.len() < 50 {
                match answers.next().await {
                    Some(pull) => running.push(pull),
                    None => break,
                }
            }
            match running.next().await {
                Some(answer) => good += usize::from(answer.starts_with("HTTP/1.1 200")),
                None => break,
            }
        }
        assert_eq!(good, 400);
    });
    assert!(lab.get("/metrics").contains("\ntrustdeck_gate_manifests_by_tag_total 400\n"));
}
