//! `skopeo` and `podman` through the gate.

use super::lab::{Lab, login, options};
use crate::support::{Ran, peers, run};
use trustdeck::engine::tags::trusted::trusted_in;

#[test]
fn skopeo_pulls_what_is_signed_and_is_told_why_not_the_rest() {
    if peers(&["skopeo"]).is_none() {
        return;
    }
    let lab = Lab::start(&options());
    lab.pull("team/web:3.1.6").ok();
    lab.pull("team/api:stable").ok();
    let latest = lab.pull("team/web:latest").ok();
    assert_eq!(latest.code, 0, "a drifted tag is served as it was signed");
    let view = lab.runtime.block_on(lab.engine.tags().relied_on(&gun("team/web"))).unwrap();
    let signed = trusted_in(&view, "latest").unwrap();
    let to = format!("docker://{}", lab.image("team/web:latest"));
    let inspected = lab.skopeo(&["inspect", "--tls-verify=false", "--format", "{{.Digest}}", &to]).ok();
    assert_eq!(inspected.stdout.trim(), signed.digest);
    for (image, why) in [
        ("team/web:edge", "edge is not signed in targets/releases"),
        ("team/worker:nightly-20", "is signed in targets/qa, but not released in targets/releases"),
        ("team/portal:5.3", "targets/releases is signed by 0 of 1 needed key"),
        ("team/archive:1.3", "expired"),
        ("team/new-service:1.0", "has no trust data: nothing in it is signed"),
    ] {
        let refused = lab.pull(image);
        assert!(refused.code != 0 && refused.stderr.contains(why), "{image}: {refused:?}");
        assert!(lab.logged(why), "{image}");
    }
    let listed = lab.skopeo(&["list-tags", "--tls-verify=false", &format!("docker://{}", lab.image("team/web"))]).ok();
    let tags = listed.json()["Tags"].as_array().unwrap().clone();
    assert!(tags.iter().any(|tag| tag == "3.1.6") && !tags.iter().any(|tag| tag == "edge"), "{tags:?}");
}

fn gun(name: &str) -> trustdeck::tuf::Gun {
    trustdeck::tuf::Gun::parse(&format!("registry.sandbox/{name}")).unwrap()
}

#[test]
fn a_changed_layer_breaks_the_pull_and_is_logged_by_name() {
    if peers(&["skopeo"]).is_none() {
        return;
    }
    let lab = Lab::start(&options());
    assert_ne!(lab.pull("team/worker:0.11").code, 0);
    assert!(
        lab.logged("team/worker: localhost:") && lab.logged("sends other bytes for blob sha256:"),
        "{:?}",
        lab.lines
    );
    assert!(lab.get("/metrics").contains("\ntrustdeck_gate_wrong_total "));
}

#[test]
fn nothing_is_pushed_through_the_gate() {
    if peers(&["skopeo"]).is_none() {
        return;
    }
    let lab = Lab::start(&options());
    lab.pull("team/web:3.1.6").ok();
    let from = format!("oci:{}:copy", lab.home.path().join("layout").display());
    let to = format!("docker://{}", lab.image("team/web:mine"));
    let refused = lab.skopeo(&["copy", "--dest-tls-verify=false", &from, &to]);
    assert!(refused.code != 0 && lab.logged("shows signed tags only; push to registry.sandbox"), "{refused:?}");
}

/// A podman of its own, for which the gate is where `registry.sandbox` is.
struct Podman<'a>(&'a Lab);

impl<'a> Podman<'a> {
    fn new(lab: &'a Lab) -> Self {
        let gate = lab.image("");
        let gate = gate.trim_end_matches('/');
        let text = format!("[[registry]]\nprefix = \"registry.sandbox\"\nlocation = \"{gate}\"\ninsecure = true\n");
        std::fs::write(lab.home.path().join("registries.conf"), text).unwrap();
        Self(lab)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let at = |name: &str| self.0.home.path().join(name);
        let mut command = std::process::Command::new("podman");
        command.arg("--root").arg(at("root")).arg("--runroot").arg(at("run")).args(["--storage-driver", "vfs"]);
        command.args(arguments).env("HOME", self.0.home.path());
        run(command.env("CONTAINERS_REGISTRIES_CONF", at("registries.conf")))
    }

    fn pull(&self, image: &str) -> Ran {
        self.run(&["pull", "-q", &format!("registry.sandbox/{image}")])
    }
}

#[test]
fn podman_pulls_what_is_signed_through_a_mirror_and_is_refused_the_rest() {
    if peers(&["podman"]).is_none() {
        return;
    }
    let lab = Lab::start(&options());
    lab.trustdeck(&["revoke", "registry.sandbox/team/web:3.0.9", "--publish", "--yes"]).ok();
    let podman = Podman::new(&lab);
    podman.pull("team/web:3.1.6").ok();
    for (image, why) in [
        ("team/web:edge", "edge is not signed in targets/releases"),
        ("team/web:3.0.9", "3.0.9 is not signed in targets/releases"),
        ("team/archive:1.3", "expired"),
    ] {
        let refused = podman.pull(image);
        assert!(refused.code != 0 && refused.stderr.contains(why), "{image}: {refused:?}");
    }
    // A drifted tag is served as it was signed.
    podman.pull("team/web:latest").ok();
    let view = lab.runtime.block_on(lab.engine.tags().relied_on(&gun("team/web"))).unwrap();
    let signed = trusted_in(&view, "latest").unwrap();
    let image = "registry.sandbox/team/web:latest";
    let pulled = podman.run(&["image", "inspect", "--format", "{{.Digest}}", image]).ok();
    assert_eq!(pulled.stdout.trim(), signed.digest);
    // What was changed breaks off.
    assert_ne!(podman.pull("team/worker:0.11").code, 0);
    assert!(lab.logged("sends other bytes for blob sha256:"), "{:?}", lab.lines);
}

#[test]
fn a_strict_gate_serves_by_digest_only_what_a_signed_tag_reaches() {
    if peers(&["skopeo"]).is_none() {
        return;
    }
    let lab = Lab::start(&trustdeck::gate::Options { strict: true, ..options() });
    lab.pull("team/web:3.1.6").ok();
    lab.pull("team/api:stable").ok();
    let registry = lab.runtime.block_on(lab.engine.tags().registry(&gun("team/web"))).unwrap();
    let edge = trustdeck::remote::registry::Reference::Tag(trustdeck::remote::registry::Tag::parse("edge").unwrap());
    let edge = lab.runtime.block_on(registry.0.manifest(&registry.1, &edge)).unwrap();
    let refused = lab.pull(&format!("team/web@{}", edge.digest));
    assert!(refused.code != 0 && refused.stderr.contains("no signed tag of team/web reaches"), "{refused:?}");
    let layer = edge.content.listed()[0].digest().to_string();
    assert!(lab.get(&format!("/v2/team/web/blobs/{layer}")).starts_with("HTTP/1.1 403"), "its layer neither");
    let open = Lab::start(&options());
    open.pull(&format!("team/web@{}", edge.digest)).ok();
}

#[test]
fn a_login_is_demanded_where_one_is_set() {
    if peers(&["skopeo"]).is_none() {
        return;
    }
    let lab = Lab::start(&trustdeck::gate::Options { login: Some(login()), ..options() });
    assert_ne!(lab.pull("team/web:3.1.6").code, 0);
    let from = format!("docker://{}", lab.image("team/web:3.1.6"));
    let inspect = |creds: &str| lab.skopeo(&["inspect", "--tls-verify=false", "--creds", creds, &from]).code;
    assert_eq!((inspect("jeff:secret") == 0, inspect("jeff:wrong") == 0), (true, false));
}
