//! Logins as the engine finds them, against a server that asks for them.

use std::path::Path;
use std::sync::Arc;

use trustdeck::engine::{Admission, Engine, EngineError, Freshness, Health, Kind, Passphrase};
use trustdeck::remote::RemoteError;
use trustdeck::sandbox;
use trustdeck::sandbox::REGISTRY;
use trustdeck::sandbox::{Auth, Login, NEW_REPOSITORY, Options, Running};
use trustdeck::tuf::Gun;

use crate::remote::scripted::{Scripted, answer};

async fn sandbox(auth: fn(Login) -> Auth) -> Running {
    let auth = auth(Login::parse("eve:right").unwrap());
    sandbox::start(Options { auth, empty: true, ..Options::default() }).await.unwrap()
}

fn engine(running: &Running) -> Engine {
    Engine::open(running.settings(), Arc::new(jiff::Timestamp::now)).unwrap()
}

fn write_logins(docker: &Path, json: &serde_json::Value) {
    std::fs::write(docker.join("config.json"), json.to_string()).unwrap();
}

fn repository() -> Gun {
    Gun::parse(&format!("{REGISTRY}/{NEW_REPOSITORY}")).unwrap()
}

/// The server is reached: it says that it has no trust data yet.
#[track_caller]
fn assert_reached(engine_says: Result<trustdeck::engine::RepositoryView, EngineError>) {
    let view = engine_says.unwrap();
    assert_eq!(view.health, Health::New, "{view:?}");
    assert!(matches!(view.freshness, Freshness::Fresh { .. }), "{view:?}");
}

#[tokio::test]
async fn logins_of_dockers_configuration_are_used() {
    for auth in [Auth::Basic as fn(Login) -> Auth, Auth::Token] {
        let running = sandbox(auth).await;
        assert_reached(engine(&running).views().refresh(&repository()).await);
    }
}

#[tokio::test]
async fn a_missing_or_wrong_login_is_told_apart_and_can_be_typed() {
    for auth in [Auth::Basic as fn(Login) -> Auth, Auth::Token] {
        let running = sandbox(auth).await;
        let registry = repository().host().unwrap().to_owned();
        let wrong = serde_json::json!({"auths": {&registry: {"auth": "ZXZlOndyb25n"}}});
        for (logins, expected) in [(serde_json::json!({"auths": {"x": {}}}), None), (wrong, Some("eve"))] {
            write_logins(&running.settings().docker_config, &logins);
            let engine = engine(&running);
            match engine.views().refresh(&repository()).await {
                Err(EngineError::Remote {
                    source: RemoteError::Unauthorized { registry: named, user, .. }, ..
                }) => {
                    assert_eq!((named.as_str(), user.as_deref()), (registry.as_str(), expected));
                }
                other => panic!("{other:?}"),
            }
            let password = Passphrase::from_text("right");
            let login = trustdeck::engine::Login::Password { user: "eve".to_owned(), password };
            engine.servers().log_in(&registry, login).await;
            assert_reached(engine.views().refresh(&repository()).await);
        }
    }
}

#[tokio::test]
async fn after_a_refused_right_another_login_gets_a_token_of_its_own() {
    let server = Scripted::start(|request, _| {
        if request.line.contains("/token") {
            // ZXZlOnJpZ2h0 is eve:right, the login of the configuration.
            let who = if request.header("authorization") == Some("Basic ZXZlOnJpZ2h0") { "eve" } else { "ann" };
            return answer("200 OK", &[], &format!(r#"{{"token":"{who}","expires_in":3600}}"#));
        }
        match request.header("authorization") {
            Some("Bearer ann") => answer("404 Not Found", &[], crate::remote::ABSENT),
            Some(_) => answer("403 Forbidden", &[], ""),
            None => {
                let port = request.header("host").unwrap().rsplit_once(':').unwrap().1.to_owned();
                let challenge =
                    format!(r#"WWW-Authenticate: Bearer realm="http://127.0.0.1:{port}/token",service="s""#);
                answer("401 Unauthorized", &[&challenge], "")
            }
        }
    })
    .await;
    let running = sandbox(Auth::Basic).await;
    let mut settings = running.settings();
    settings.servers.flag = Some(server.url());
    settings.insecure_http = true;
    let engine = Engine::open(settings, Arc::new(jiff::Timestamp::now)).unwrap();
    let refused = engine.views().refresh(&repository()).await.unwrap_err().problem();
    let registry = repository().host().unwrap().to_owned();
    assert_eq!(refused.kind, Kind::Forbidden, "{refused:?}");
    assert_eq!(
        refused.admission.as_deref().cloned(),
        Some(Admission::Login { registry: registry.clone(), user: None })
    );
    let (user, password) = ("ann".to_owned(), Passphrase::from_text("right too"));
    engine.servers().log_in(&registry, trustdeck::engine::Login::Password { user, password }).await;
    assert_reached(engine.views().refresh(&repository()).await);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_mended_without_a_new_start() {
    let running = sandbox(Auth::Basic).await;
    let mut settings = running.settings();
    settings.docker_config = running.layout().dir().join("other-docker");
    settings.tls.ca_files.clear();
    settings.tls.notary_ca = None;
    let host = running.url().strip_prefix("https://").unwrap();
    let tls = settings.docker_config.join("tls").join(host);
    std::fs::create_dir_all(&tls).unwrap();
    std::fs::copy(running.settings().docker_config.join("config.json"), settings.docker_config.join("config.json"))
        .unwrap();
    let engine = Engine::open(settings, Arc::new(jiff::Timestamp::now)).unwrap();
    let refused = engine.views().refresh(&repository()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Tls, "{refused}");
    std::fs::copy(running.ca_file(), tls.join("ca.crt")).unwrap();
    assert_reached(engine.views().refresh(&repository()).await);
}

#[tokio::test]
async fn a_realm_elsewhere_is_asked_about_once() {
    let server = Scripted::start(|request, _| {
        if request.line.contains("/token") {
            return answer("200 OK", &[], r#"{"token":"T"}"#);
        }
        if request.header("authorization").is_some() {
            return answer("404 Not Found", &[], crate::remote::ABSENT);
        }
        let port = request.header("host").unwrap().rsplit_once(':').unwrap().1.to_owned();
        let challenge = format!(r#"WWW-Authenticate: Bearer realm="http://localhost:{port}/token",service="s""#);
        answer("401 Unauthorized", &[&challenge], "")
    })
    .await;
    let running = sandbox(Auth::Basic).await;
    let mut settings = running.settings();
    settings.servers.flag = Some(server.url());
    settings.insecure_http = true;
    let open = || Engine::open(settings.clone(), Arc::new(jiff::Timestamp::now)).unwrap();
    let engine = open();
    let asked = engine.views().refresh(&repository()).await.unwrap_err();
    let EngineError::Remote { source: RemoteError::RealmConsent { realm, .. }, .. } = &asked else {
        panic!("{asked:?}");
    };
    assert_eq!((asked.kind(), server.count("/token")), (Kind::Auth, 0));
    engine.servers().accept_realm(realm).unwrap();
    assert_reached(engine.views().refresh(&repository()).await);
    assert_reached(open().views().refresh(&repository()).await);
}

#[tokio::test]
async fn a_status_says_what_was_chosen_without_asking_anybody() {
    let running = sandbox(Auth::Basic).await;
    let status = engine(&running).status(Some(&repository()));
    let (server, why) = status.server.unwrap();
    assert_eq!(server, running.url());
    assert!(!why.is_empty() && status.authorities.len() > 1, "{why}");
    let mut settings = running.settings();
    settings.servers = trustdeck::engine::settings::ServerSources::default();
    let engine = Engine::open(settings, Arc::new(jiff::Timestamp::now)).unwrap();
    let unknown = engine.status(Some(&Gun::parse("collection/of/notary").unwrap())).server.unwrap_err();
    assert_eq!(unknown.kind, Kind::Input);
}

#[tokio::test]
async fn staged_changes_follow_their_server_to_another_address() {
    let scene = || sandbox::start(Options { http: true, ..Options::default() });
    let (running, other) = (scene().await.unwrap(), scene().await.unwrap());
    let engine = engine(&running);
    let gun = Gun::parse(&format!("{REGISTRY}/team/web")).unwrap();
    engine.views().refresh(&gun).await.unwrap();
    let change = trustdeck::engine::Change::Witness { role: trustdeck::tuf::Role::Targets };
    engine.stage().stage(vec![(gun.clone(), change)]).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let nothing = engine.stage().move_changes(&gun, None, &stop).await.unwrap_err();
    assert_eq!(nothing.kind(), Kind::Input, "{nothing}");
    // The other one was made anew, so that its root has another key.
    let strange = engine.stage().move_changes(&gun, Some(other.url()), &stop).await;
    assert!(strange.is_err(), "{strange:?}");
    let respelled = running.url().replace("localhost", "127.0.0.1");
    let respelled =
        if respelled == running.url() { running.url().replace("127.0.0.1", "localhost") } else { respelled };
    let moved = engine.stage().move_changes(&gun, Some(&respelled), &stop).await.unwrap();
    assert_eq!((moved.from.as_slice(), moved.to.as_str()), ([running.url().to_owned()].as_slice(), respelled.as_str()));
    assert!(moved.stage.changes.iter().all(|change| change.server == respelled), "{:?}", moved.stage);
    engine.stage().undo().unwrap();
    assert_eq!(engine.stage().staged().unwrap().changes[0].server, running.url());
}

#[tokio::test]
async fn a_repository_that_is_to_be_created_follows_to_where_there_is_none_of_its_name() {
    let empty = || sandbox::start(Options { http: true, empty: true, ..Options::default() });
    let (running, other) = (empty().await.unwrap(), empty().await.unwrap());
    let taken = sandbox::start(Options { http: true, ..Options::default() }).await.unwrap();
    let engine = engine(&running);
    let stop = tokio_util::sync::CancellationToken::new();
    let create = || trustdeck::engine::Change::Create { root_key: trustdeck::engine::RootKeyChoice::Auto };
    let gun = Gun::parse(&format!("{REGISTRY}/team/web")).unwrap();
    engine.stage().stage(vec![(gun.clone(), create())]).unwrap();
    let there = engine.stage().move_changes(&gun, Some(taken.url()), &stop).await.unwrap_err();
    assert!(there.to_string().contains("already") && there.hint().contains("trustdeck reset"), "{there}");
    let moved = engine.stage().move_changes(&gun, Some(other.url()), &stop).await.unwrap();
    assert_eq!(moved.stage.changes[0].server, other.url());
    assert!(moved.stage.undo.as_ref().unwrap().starts_with("move 1 change of "), "{:?}", moved.stage.undo);
}
