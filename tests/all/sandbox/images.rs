//! The sandbox's registry, held against `skopeo`, `podman` and trustdeck's own client.

use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use trustdeck::remote::RemoteError;
use trustdeck::remote::auth::FindCredential;
use trustdeck::remote::registry::{Digest, Expected, Reference, RepositoryPath, Resolved, Tag};
use trustdeck::remote::{CredentialSource, Endpoint, Registry, Setup};
use trustdeck::sandbox::{Auth, Login, Options, Running, start};

use crate::support::image::{Image, OCI_INDEX, OCI_MANIFEST, digest, get, send};
use crate::support::{Ran, peers, run};

/// Nobody logs in.
struct Nobody;

impl CredentialSource for Nobody {
    fn find<'a>(&'a self, _server: &'a str, _registry: &'a str) -> FindCredential<'a> {
        Box::pin(async { Ok(None) })
    }

    fn allows_realm(&self, _server: &str, _realm: &str) -> bool {
        false
    }
}

fn client(url: &str) -> Registry {
    let endpoint = Endpoint::parse_registry(url, false).unwrap();
    Registry::new(endpoint, "", &Setup::default(), Arc::new(Nobody)).unwrap()
}

fn path(text: &str) -> RepositoryPath {
    RepositoryPath::parse(text).unwrap()
}

fn tag(text: &str) -> Reference {
    Reference::Tag(Tag::parse(text).unwrap())
}

async fn empty() -> Running {
    start(Options { http: true, empty: true, ..Options::default() }).await.unwrap()
}

async fn tags(client: &Registry, name: &str) -> Vec<String> {
    client.tags(&path(name)).await.unwrap().iter().map(Tag::to_string).collect()
}

#[tokio::test]
async fn what_is_pushed_is_listed_pulled_and_deleted() {
    let sandbox = empty().await;
    let (client, image) = (client(sandbox.url()), Image::new(OCI_MANIFEST, &[b"one", b"two"]));
    for name in ["1.0", "1.1"] {
        image.push(sandbox.url(), "team/app", name).await;
    }
    let index = Image::index(OCI_INDEX, &[&image]);
    index.push(sandbox.url(), "team/app", "both").await;
    assert_eq!(tags(&client, "team/app").await, ["1.0", "1.1", "both"]);
    let resolved = client.resolve(&path("team/app"), &tag("both")).await.unwrap();
    let expected = Digest::try_from(index.digest()).unwrap();
    let (size, media_type) = (index.manifest.len() as u64, OCI_INDEX.to_owned());
    assert_eq!(resolved, Resolved { digest: expected.clone(), size, media_type });
    assert_eq!(client.manifest(&path("team/app"), &Reference::Digest(expected)).await.unwrap().bytes, index.manifest);

    assert_eq!(delete(&sandbox, "manifests/1.1").await, 202);
    assert_eq!(tags(&client, "team/app").await, ["1.0", "both"]);
    assert_eq!(delete(&sandbox, &format!("manifests/{}", index.digest())).await, 202);
    assert_eq!(tags(&client, "team/app").await, ["1.0"]);
    let layer = format!("blobs/{}", digest(b"two"));
    assert_eq!(delete(&sandbox, &layer).await, 202);
    assert_eq!(delete(&sandbox, &layer).await, 404);
}

async fn delete(sandbox: &Running, what: &str) -> u16 {
    send(sandbox.url(), "DELETE", &format!("/v2/team/app/{what}"), "", b"").await.0
}

#[tokio::test]
async fn tags_come_in_pages() {
    let sandbox = empty().await;
    let image = Image::new(OCI_MANIFEST, &[b"one"]);
    for name in ["a", "b", "c"] {
        image.push(sandbox.url(), "team/app", name).await;
    }
    let first = get(sandbox.url(), "/v2/team/app/tags/list?n=2").await;
    assert!(first.contains("link: </v2/team/app/tags/list?last=b&n=2>; rel=\"next\"\r\n"), "{first}");
    assert!(first.ends_with(r#"{"name":"team/app","tags":["a","b"]}"#), "{first}");
    let second = get(sandbox.url(), "/v2/team/app/tags/list?last=b&n=2").await;
    assert!(second.ends_with(r#"{"name":"team/app","tags":["c"]}"#) && !second.contains("link:"), "{second}");
    let catalog = get(sandbox.url(), "/v2/_catalog").await;
    assert!(catalog.ends_with(r#"{"repositories":["team/app"]}"#), "{catalog}");
}

/// Begins an upload and gives where it goes on.
async fn begin(url: &str) -> String {
    let (status, location) = send(url, "POST", "/v2/team/app/blobs/uploads/", "", b"").await;
    assert_eq!(status, 202);
    location
}

#[tokio::test]
async fn an_upload_is_resumed_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let options = || Options { dir: Some(dir.path().join("lab")), http: true, empty: true, ..Options::default() };
    let sandbox = start(options()).await.unwrap();
    let upload = begin(sandbox.url()).await;
    assert_eq!(send(sandbox.url(), "PATCH", &upload, "", b"first, ").await.0, 202);
    sandbox.shutdown().await;
    let sandbox = start(options()).await.unwrap();
    assert_eq!(send(sandbox.url(), "GET", &upload, "", b"").await.0, 204);
    assert_eq!(send(sandbox.url(), "PATCH", &upload, "", b"then").await.0, 202);
    let end = format!("{upload}?digest={}", digest(b"first, then"));
    assert_eq!(send(sandbox.url(), "PUT", &end, "", b"").await.0, 201);
    let expected = Expected { digest: Digest::try_from(digest(b"first, then")).unwrap(), size: Some(11), limit: 100 };
    let mut blob = client(sandbox.url()).blob(&path("team/app"), expected).await.unwrap();
    assert_eq!(blob.piece().await.unwrap().unwrap().as_ref(), b"first, then");
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let sandbox = empty().await;
    let url = sandbox.url();
    let upload = begin(url).await;
    let wrong = format!("{upload}?digest={}", digest(b"other"));
    assert_eq!(send(url, "PUT", &wrong, "", b"these").await.0, 400, "another digest");
    assert_eq!(send(url, "GET", &upload, "", b"").await.0, 404, "a wrong upload is gone");
    let upload = begin(url).await;
    assert_eq!(send(url, "PUT", &upload, "", b"these").await.0, 400, "no digest");
    let elsewhere = upload.replace("team/app", "team/other");
    assert_eq!(send(url, "PATCH", &elsewhere, "", b"x").await.0, 404, "another repository's upload");
    assert_eq!(send(url, "DELETE", &upload, "", b"").await.0, 204);
    let image = Image::new(OCI_MANIFEST, &[b"one"]);
    let put = |bytes: Vec<u8>, kind: &'static str, to: &'static str| async move {
        send(url, "PUT", &format!("/v2/team/app/manifests/{to}"), kind, &bytes).await.0
    };
    assert_eq!(put(image.manifest.clone(), OCI_MANIFEST, "1.0").await, 400, "its blobs are not here");
    image.push(url, "team/app", "1.0").await;
    assert_eq!(put(image.manifest.clone(), OCI_INDEX, "1.0").await, 400, "it is no index");
    assert_eq!(put(b"{}".to_vec(), "text/plain", "1.0").await, 400);
    assert_eq!(put(vec![b' '; 5 << 20], OCI_MANIFEST, "1.0").await, 413);
    assert_eq!(put(image.manifest.clone(), OCI_MANIFEST, "..").await, 400);
    let zeros: &'static str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    assert_eq!(put(image.manifest.clone(), OCI_MANIFEST, zeros).await, 400);
}

#[tokio::test]
async fn the_scene_has_drifted_gone_tampered_and_unsigned_tags() {
    let sandbox = start(Options { http: true, ..Options::default() }).await.unwrap();
    let registry = client(sandbox.url());
    let engine = trustdeck::engine::Engine::open(sandbox.settings(), Arc::new(jiff::Timestamp::now)).unwrap();
    let gun = |name: &str| trustdeck::tuf::Gun::parse(&format!("registry.sandbox/{name}")).unwrap();
    let signed = |view: &trustdeck::engine::RepositoryView, name: &str| {
        let found = view.tags.iter().find(|t| *t.name == *name).unwrap();
        format!("sha256:{}", found.digest)
    };
    let web = engine.views().refresh(&gun("team/web")).await.unwrap();
    let now = |name: &'static str, at: &'static str| {
        let registry = registry.clone();
        async move { registry.resolve(&path(name), &tag(at)).await.map(|found| found.digest.to_string()) }
    };
    assert_eq!(now("team/web", "3.1.6").await.unwrap(), signed(&web, "3.1.6"));
    assert_ne!(now("team/web", "latest").await.unwrap(), signed(&web, "latest"));
    assert!(now("team/web", "edge").await.is_ok() && now("team/new-service", "1.0").await.is_ok());
    assert!(matches!(now("team/billing", "2024.1").await, Err(RemoteError::NotFound { .. })));

    let manifest = registry.manifest(&path("team/worker"), &tag("0.11")).await.unwrap();
    let layer = &manifest.content.listed()[0];
    let expected = Expected { digest: layer.digest().clone(), size: Some(layer.size()), limit: 1 << 20 };
    let mut blob = registry.blob(&path("team/worker"), expected).await.unwrap();
    let mut ended = Ok(());
    while let Some(piece) = blob.piece().await.map_err(|error| ended = Err(error)).unwrap_or_default() {
        assert!(!piece.is_empty());
    }
    assert!(matches!(ended, Err(RemoteError::Altered { .. })), "{ended:?}");
}

/// A sandbox and the programs of its shell lines, run while it serves.
struct Lab {
    runtime: tokio::runtime::Runtime,
    running: Option<Running>,
    home: TempDir,
}

impl Lab {
    fn start(http: bool, auth: Auth) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let running = runtime.block_on(start(Options { http, auth, ..Options::default() })).unwrap();
        Self { runtime, running: Some(running), home: TempDir::new().unwrap() }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Ran {
        let layout = self.running.as_ref().unwrap().layout();
        let mut command = Command::new(program);
        command.args(arguments).env("HOME", self.home.path()).env("SSL_CERT_FILE", layout.ca_file());
        command.env("CONTAINERS_REGISTRIES_CONF", layout.registries_file());
        run(command.env("REGISTRY_AUTH_FILE", layout.docker_dir().join("config.json")))
    }

    fn skopeo(&self, arguments: &[&str]) -> Ran {
        let registries = self.running.as_ref().unwrap().layout().registries_file();
        let options = ["--insecure-policy", "--registries-conf", registries.to_str().unwrap()];
        self.run("skopeo", &[options.as_slice(), arguments].concat())
    }

    fn file(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.runtime.block_on(self.running.take().unwrap().shutdown());
    }
}

fn skopeo_story(lab: &Lab) {
    // Only reading by name is redirected to where the registry is.
    let at = |name: &str| format!("docker://{}/team/{name}", lab.running.as_ref().unwrap().registry());
    let listed = lab.skopeo(&["list-tags", &at("portal")]).ok().json();
    assert_eq!(listed["Tags"], serde_json::json!(["5.0", "5.1", "5.2", "5.3", "5.4", "latest"]));
    let layout = format!("oci:{}:copy", lab.file("layout"));
    lab.skopeo(&["copy", "docker://registry.sandbox/team/portal:5.3", &layout]).ok();
    let tampered = lab.skopeo(&["copy", "docker://registry.sandbox/team/worker:0.11", &layout]);
    assert_ne!(tampered.code, 0, "a changed layer is not taken");
    let index = format!("oci:{}:index", lab.file("layout"));
    lab.skopeo(&["copy", "--all", "docker://registry.sandbox/team/api:stable", &index]).ok();
    lab.skopeo(&["copy", "--all", &index, &at("pushed:all")]).ok();
    lab.skopeo(&["copy", &layout, &at("pushed:1.0")]).ok();
    let inspected = lab.skopeo(&["inspect", &at("pushed:1.0")]).ok().json();
    assert_eq!(inspected["Labels"]["org.opencontainers.image.version"], "5.3");
    lab.skopeo(&["delete", &at("pushed:1.0")]).ok();
    let listed = lab.skopeo(&["list-tags", &at("pushed")]).ok().json();
    assert_eq!(listed["Tags"], serde_json::json!(["all"]));
}

#[test]
fn skopeo_copies_in_and_out_over_tls_http_and_with_logins() {
    if peers(&["skopeo"]).is_none() {
        return;
    }
    let login = || Login::parse("jeff:correct horse").unwrap();
    for (http, auth) in [(false, Auth::None), (true, Auth::Basic(login())), (false, Auth::Token(login()))] {
        skopeo_story(&Lab::start(http, auth));
    }
}

#[test]
fn podman_pulls_and_pushes() {
    if peers(&["podman"]).is_none() {
        return;
    }
    let lab = Lab::start(false, Auth::None);
    let (root, runroot) = (lab.file("root"), lab.file("run"));
    let podman = |arguments: &[&str]| {
        let store = ["--root", &root, "--runroot", &runroot, "--storage-driver", "vfs"];
        lab.run("podman", &[&store, arguments].concat())
    };
    podman(&["pull", "-q", "registry.sandbox/team/web:3.1.6"]).ok();
    let mine = format!("{}/team/web:mine", lab.running.as_ref().unwrap().registry());
    podman(&["tag", "registry.sandbox/team/web:3.1.6", &mine]).ok();
    podman(&["push", "-q", &mine]).ok();
    let at = format!("docker://{}", mine.trim_end_matches(":mine"));
    let listed = lab.skopeo(&["list-tags", &at]).ok().json();
    assert!(listed["Tags"].as_array().unwrap().iter().any(|tag| tag == "mine"), "{listed}");
}
