//! Debian's `docker-registry`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tempfile::TempDir;
use trustdeck::remote::registry::{Content, Resolved};

use crate::registry::scripted::{Scripted, answer};
use crate::registry::*;
use crate::support::docker_registry::{PASSWORD, Protection, USER};
use crate::support::image::{DOCKER_LIST, DOCKER_MANIFEST, Image, OCI_INDEX, OCI_MANIFEST};
use crate::support::nginx::Nginx;
use crate::support::token_service::TokenKey;
use crate::support::{Authority, DockerRegistry};

const LAYERS: [&[u8]; 2] = [b"the first layer", &[7; 3_000_000]];

/// A registry over storage that holds `team/app:1.0`.
async fn filled(dir: &TempDir) -> Option<(DockerRegistry, Image)> {
    let registry = DockerRegistry::start(dir.path(), &Protection::Nobody, None)?;
    let image = Image::new(OCI_MANIFEST, &LAYERS);
    image.push(&registry.url, APP, "1.0").await;
    Some((registry, image))
}

fn plain(registry: &DockerRegistry) -> Registry {
    client_of(&registry.url, Limits::default(), None, Logins::default())
}

#[tokio::test]
async fn tags_resolve_to_what_was_pushed_in_every_form() {
    let dir = TempDir::new().unwrap();
    let Some((server, image)) = filled(&dir).await else { return };
    let docker = Image::new(DOCKER_MANIFEST, &LAYERS);
    let index = Image::index(OCI_INDEX, &[&image]);
    let list = Image::index(DOCKER_LIST, &[&docker]);
    for (pushed, name) in [(&docker, "docker"), (&index, "index"), (&list, "list")] {
        pushed.push(&server.url, APP, name).await;
    }
    let client = plain(&server);
    let mut tags: Vec<String> = client.tags(&path(APP)).await.unwrap().iter().map(Tag::to_string).collect();
    tags.sort();
    assert_eq!(tags, ["1.0", "docker", "index", "list"]);
    for (pushed, name) in [(&image, "1.0"), (&docker, "docker"), (&index, "index"), (&list, "list")] {
        let (size, media_type) = (pushed.manifest.len() as u64, pushed.media_type.to_owned());
        let resolved = Resolved { digest: digest(&pushed.digest()), size, media_type };
        assert_eq!(client.resolve(&path(APP), &tag(name)).await.unwrap(), resolved);
        let manifest = client.manifest(&path(APP), &tag(name)).await.unwrap();
        assert_eq!((manifest.digest, manifest.bytes), (digest(&pushed.digest()), pushed.manifest.clone().into()));
        let images = matches!(manifest.content, Content::Image(_));
        assert_eq!(images, matches!(pushed.media_type, OCI_MANIFEST | DOCKER_MANIFEST));
        let again = client.manifest(&path(APP), &by_digest(&pushed.digest())).await.unwrap();
        assert_eq!(again.bytes, pushed.manifest);
    }
    assert_eq!(client.catalog().await.unwrap(), [path(APP)]);
}

#[tokio::test]
async fn blobs_are_streamed_and_what_is_missing_is_told() {
    let dir = TempDir::new().unwrap();
    let Some((server, image)) = filled(&dir).await else { return };
    let client = plain(&server);
    for blob in &image.blobs {
        let name = support::image::digest(blob);
        let (bytes, ended) = read_blob(&client, expected(&name, Some(blob.len()))).await;
        ended.unwrap();
        assert_eq!(bytes, *blob);
    }
    let absent = format!("sha256:{}", "0".repeat(64));
    let missing =
        |what: Result<(), RemoteError>| assert!(matches!(what, Err(RemoteError::NotFound { .. })), "{what:?}");
    missing(read_blob(&client, expected(&absent, None)).await.1);
    missing(client.manifest(&path(APP), &tag("9")).await.map(drop));
    missing(client.resolve(&path(APP), &tag("9")).await.map(drop));
    missing(client.resolve(&path(APP), &by_digest(&absent)).await.map(drop));
    missing(client.tags(&path("team/none")).await.map(drop));
}

#[tokio::test]
async fn a_layer_that_was_changed_or_cut_on_disk_is_refused() {
    let dir = TempDir::new().unwrap();
    let Some((server, image)) = filled(&dir).await else { return };
    let client = plain(&server);
    let layer = image.blobs.last().unwrap();
    let name = support::image::digest(layer);
    let file = server.blob_file(&name);
    let mut bytes = layer.clone();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let (given, ended) = read_blob(&client, expected(&name, Some(layer.len()))).await;
    let found = support::image::digest(&bytes);
    assert!(matches!(ended, Err(RemoteError::Altered { expected, found: f, .. }) if expected == name && f == found));
    assert!(given.len() < layer.len(), "the last piece is kept back");
    std::fs::write(&file, &layer[..1000]).unwrap();
    let (_, ended) = read_blob(&client, expected(&name, Some(layer.len()))).await;
    let cut = RemoteError::Length {
        host: client.endpoint().host().to_owned(),
        what: format!("blob {name} of {APP}"),
        expected: layer.len() as u64,
        found: 1000,
    };
    assert_eq!(ended, Err(cut));
}

#[tokio::test]
async fn tls_needs_the_authority_of_the_registry() {
    let dir = TempDir::new().unwrap();
    let Some((_, image)) = filled(&dir).await else { return };
    let authority = Authority::create(dir.path());
    let server = DockerRegistry::start(dir.path(), &Protection::Nobody, Some(&authority)).unwrap();
    let stranger = client_of(&server.url, Limits::default(), None, Logins::default());
    let refused = stranger.resolve(&path(APP), &tag("1.0")).await;
    assert!(matches!(refused, Err(RemoteError::Tls { .. })), "{refused:?}");
    let client = client_of(&server.url, Limits::default(), Some(&authority.ca), Logins::default());
    let resolved = client.resolve(&path(APP), &tag("1.0")).await.unwrap();
    assert_eq!(resolved.digest, digest(&image.digest()));
}

#[tokio::test]
async fn htpasswd_lets_in_who_has_the_login() {
    let dir = TempDir::new().unwrap();
    let Some((_, image)) = filled(&dir).await else { return };
    let server = DockerRegistry::start(dir.path(), &Protection::Htpasswd, None).unwrap();
    let stranger = plain(&server).resolve(&path(APP), &tag("1.0")).await;
    assert!(matches!(stranger, Err(RemoteError::Unauthorized { user: None, .. })), "{stranger:?}");
    let wrong = Logins { login: Some(("eve".to_owned(), "wrong".to_owned())), ..Logins::default() };
    let wrong = client_of(&server.url, Limits::default(), None, wrong);
    let refused = wrong.tags(&path(APP)).await;
    assert!(matches!(refused, Err(RemoteError::Unauthorized { user: Some(_), .. })), "{refused:?}");
    let client = client_of(&server.url, Limits::default(), None, Logins::eve());
    assert_eq!(client.manifest(&path(APP), &tag("1.0")).await.unwrap().bytes, image.manifest);
    read_blob(&client, expected(&support::image::digest(LAYERS[0]), Some(LAYERS[0].len()))).await.1.unwrap();
}

#[tokio::test]
async fn a_registry_behind_nginx_is_read_with_the_login_that_nginx_wants() {
    let dir = TempDir::new().unwrap();
    let Some((server, image)) = filled(&dir).await else { return };
    let users = dir.path().join("users");
    std::fs::write(&users, format!("{USER}:{{PLAIN}}{PASSWORD}\n")).unwrap();
    let settings = format!("auth_basic registry; auth_basic_user_file {};", users.display());
    let Some(nginx) = Nginx::start(&format!("http://127.0.0.1:{}", server.port), &settings) else { return };
    let of = |logins| client_of(&nginx.url, Limits::default(), Some(&nginx.ca), logins);
    let stranger = of(Logins::default()).resolve(&path(APP), &tag("1.0")).await;
    assert!(matches!(stranger, Err(RemoteError::Unauthorized { user: None, .. })), "{stranger:?}");
    let client = of(Logins::eve());
    assert_eq!(client.tags(&path(APP)).await.unwrap().len(), 1);
    assert_eq!(client.manifest(&path(APP), &tag("1.0")).await.unwrap().bytes, image.manifest);
    read_blob(&client, expected(&support::image::digest(LAYERS[1]), Some(LAYERS[1].len()))).await.1.unwrap();
}

/// A token of the registry's protocol, signed by the authority's server key.
pub(crate) fn token(authority: &Authority, path: &str) -> String {
    let access = json!([{"type": "repository", "name": path, "actions": ["pull"]}]);
    TokenKey::read(&authority.certificate, &authority.key, "issuer").token("registry", USER, &access)
}

#[tokio::test]
async fn tokens_are_asked_for_with_the_scope_of_the_repository() {
    let dir = TempDir::new().unwrap();
    let Some((_, image)) = filled(&dir).await else { return };
    let authority = Authority::create(dir.path());
    let text = json!({"token": token(&authority, APP)}).to_string();
    let realm = Scripted::start(move |_, _| answer("200 OK", &[], &text)).await;
    let protection = Protection::Token {
        realm: format!("http://localhost:{}/token", realm.address.port()),
        bundle: authority.ca.clone(),
    };
    let server = DockerRegistry::start(dir.path(), &protection, None).unwrap();
    let realms = [format!("localhost:{}", realm.address.port())].into();
    let client = client_of(&server.url, Limits::default(), None, Logins { realms, ..Logins::eve() });
    assert_eq!(client.manifest(&path(APP), &tag("1.0")).await.unwrap().bytes, image.manifest);
    read_blob(&client, expected(&support::image::digest(LAYERS[0]), None)).await.1.unwrap();
    let asked = realm.requests();
    assert_eq!(asked.len(), 1, "one token serves both");
    assert!(asked[0].line.contains("scope=repository%3Ateam%2Fapp%3Apull&service=registry"), "{}", asked[0].line);
    let basic = format!("Basic {}", STANDARD.encode("eve:U*U"));
    assert_eq!(asked[0].header("authorization"), Some(basic.as_str()));
    let elsewhere = client.tags(&path("team/other")).await;
    assert!(
        matches!(elsewhere, Err(RemoteError::Forbidden { .. } | RemoteError::Unauthorized { .. })),
        "{elsewhere:?}"
    );
}
