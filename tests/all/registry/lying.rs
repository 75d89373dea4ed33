//! Registries that lie, never end, or send logins astray.

use trustdeck::remote::registry::Content;

use crate::registry::scripted::{Act, Request, Scripted, answer};
use crate::registry::*;
use crate::support::image::{DOCKER_MANIFEST, Image, OCI_INDEX, OCI_MANIFEST};

fn client(server: &Scripted) -> Registry {
    client_of(&server.url(), SHORT, None, Logins::default())
}

fn image() -> Image {
    Image::new(OCI_MANIFEST, &[b"layer"])
}

/// An answer with a manifest, and a digest header if one is given.
fn manifest(media_type: &str, bytes: &[u8], stated: Option<&str>) -> Act {
    let mut headers = vec![format!("Content-Type: {media_type}")];
    headers.extend(stated.map(|digest| format!("Docker-Content-Digest: {digest}")));
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    answer("200 OK", &headers, std::str::from_utf8(bytes).unwrap())
}

/// The head of an answer alone, as for `HEAD`.
fn head(headers: &[&str]) -> Act {
    let lines: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    Act::Send(format!("HTTP/1.1 200 OK\r\n{lines}\r\n").into_bytes())
}

#[tokio::test]
async fn other_bytes_than_the_digest_that_was_asked_for_are_refused() {
    let image = image();
    let asked = by_digest(&image.digest());
    let mut forged = image.manifest.clone();
    forged.push(b' ');
    let found = support::image::digest(&forged);
    let server = Scripted::start(move |_, _| manifest(OCI_MANIFEST, &forged, None)).await;
    match client(&server).manifest(&path(APP), &asked).await {
        Err(RemoteError::Altered { expected, found: f, .. }) => assert_eq!((expected, f), (image.digest(), found)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_a_gateway_failed_is_asked_for_again() {
    for status in ["502 Bad Gateway", "503 Unavailable", "504 Timeout", "429 Too Many"] {
        let server = Scripted::start(move |_, number| match number {
            0..4 => answer(status, &[], ""),
            _ => manifest(OCI_MANIFEST, &image().manifest, None),
        })
        .await;
        client(&server).manifest(&path(APP), &tag("1.0")).await.unwrap();
        assert_eq!(server.requests().len(), 5, "{status}");
    }
    let server = Scripted::start(|_, _| answer("502 Bad Gateway", &[], "")).await;
    assert!(client(&server).resolve(&path(APP), &tag("1.0")).await.is_err(), "HEAD too");
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn a_tag_whose_bytes_are_not_of_the_stated_digest_is_refused() {
    let stated = format!("sha256:{}", "1".repeat(64));
    let server = Scripted::start(move |_, _| manifest(OCI_MANIFEST, &image().manifest, Some(&stated))).await;
    let got = client(&server).manifest(&path(APP), &tag("1.0")).await;
    assert!(matches!(got, Err(RemoteError::Altered { .. })), "{got:?}");
}

#[tokio::test]
async fn a_head_for_another_digest_is_refused() {
    let other = format!("Docker-Content-Digest: sha256:{}", "1".repeat(64));
    let server = Scripted::start(move |_, _| head(&[&other, "Content-Length: 7"])).await;
    let got = client(&server).resolve(&path(APP), &by_digest(&image().digest())).await;
    assert!(matches!(got, Err(RemoteError::Altered { .. })), "{got:?}");
}

#[tokio::test]
async fn a_head_that_says_too_little_is_followed_by_get() {
    for odd in ["Content-Length: 7", "Docker-Content-Digest: sha256:nothing\r\nContent-Length: 7"] {
        let server = Scripted::start(move |request, _| match request.line.starts_with("HEAD") {
            true => head(&[odd]),
            false => manifest(OCI_MANIFEST, &image().manifest, None),
        })
        .await;
        let resolved = client(&server).resolve(&path(APP), &tag("1.0")).await.unwrap();
        assert_eq!(resolved.digest, digest(&image().digest()));
        assert_eq!(resolved.size, image().manifest.len() as u64);
        assert_eq!(server.count("GET /v2/team/app/manifests/1.0"), 1);
        let accept = server.requests()[0].header("accept").unwrap().to_owned();
        assert!([OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST].iter().all(|kind| accept.contains(kind)), "{accept}");
    }
}

#[tokio::test]
async fn a_registry_that_asks_for_a_login_no_more_is_read_again() {
    let server = Scripted::start(|_, number| match number {
        0 => answer("401 Unauthorized", &["WWW-Authenticate: Basic realm=\"x\""], ""),
        _ => manifest(OCI_MANIFEST, &image().manifest, None),
    })
    .await;
    let client = client(&server);
    assert!(matches!(client.manifest(&path(APP), &tag("1.0")).await, Err(RemoteError::Unauthorized { .. })));
    client.manifest(&path(APP), &tag("1.0")).await.unwrap();
}

/// What answers 404 to everything, without a body to `HEAD`.
async fn lacking(headers: &'static [&'static str], body: &'static str) -> Scripted {
    Scripted::start(move |request, _| {
        let Act::Send(mut bytes) = answer("404 Not Found", headers, body) else { unreachable!() };
        if request.line.starts_with("HEAD") {
            bytes.truncate(bytes.len() - body.len());
        }
        Act::Send(bytes)
    })
    .await
}

#[tokio::test]
async fn only_a_registry_says_that_something_is_not_there() {
    let page = "<!DOCTYPE HTML>\n<html lang=\"en\"><title>Error response</title></html>";
    let unknown = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
    let harbors = r#"{"errors":[{"code":"NOT_FOUND","message":"artifact team/app:1.0 not found"}]}"#;
    let registrys = &["Docker-Distribution-Api-Version: registry/2.0"];
    let cases: [(&'static [&'static str], &'static str, Option<NoRegistry>); 8] = [
        (&[], page, Some(NoRegistry::WebPage)),
        (&[], crate::remote::ABSENT, Some(NoRegistry::TrustServer)),
        (&[], "404 page not found", Some(NoRegistry::Other)),
        (&[], "", Some(NoRegistry::Other)),
        (&[], unknown, None),
        (&[], harbors, None),
        (registrys, "", None),
        (registrys, page, None),
    ];
    for (headers, body, stranger) in cases {
        let server = lacking(headers, body).await;
        let (client, of) = (client(&server), by_digest(&image().digest()));
        let blob = read_blob(&client, expected(&image().digest(), None)).await.1;
        let answers = [
            client.resolve(&path(APP), &tag("1.0")).await.map(drop),
            client.resolve(&path(APP), &of).await.map(drop),
            client.manifest(&path(APP), &tag("1.0")).await.map(drop),
            client.tags(&path(APP)).await.map(drop),
            blob,
        ];
        for answer in answers {
            match (stranger, answer) {
                (None, Err(RemoteError::NotFound { .. })) => {}
                (Some(stranger), Err(RemoteError::NotRegistry { what, .. })) => assert_eq!(what, stranger, "{body}"),
                (_, answer) => panic!("{headers:?} {body}: {answer:?}"),
            }
        }
    }
    let server = Scripted::start(move |_, _| answer("200 OK", &["Content-Type: text/html"], page)).await;
    let got = client(&server).resolve(&path(APP), &tag("1.0")).await;
    assert!(matches!(got, Err(RemoteError::NotRegistry { what: NoRegistry::WebPage, .. })), "{got:?}");
}

#[tokio::test]
async fn a_manifest_with_two_meanings_is_refused() {
    let image = image();
    let index = Image::index(OCI_INDEX, &[&image]);
    let mut both: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
    both["manifests"] = serde_json::json!([]);
    let both = both.to_string().into_bytes();
    let cut = image.manifest[..image.manifest.len() - 1].to_vec();
    let cases =
        [(DOCKER_MANIFEST, image.manifest), (OCI_MANIFEST, index.manifest), (OCI_MANIFEST, both), (OCI_MANIFEST, cut)];
    for (media_type, bytes) in cases {
        let server = Scripted::start(move |_, _| manifest(media_type, &bytes, None)).await;
        let got = client(&server).manifest(&path(APP), &tag("1.0")).await;
        assert!(matches!(got, Err(RemoteError::Malformed { .. })), "{got:?}");
    }
}

#[tokio::test]
async fn an_unknown_form_is_passed_on_by_its_digest() {
    let server = Scripted::start(|_, _| manifest("application/x-signature", b"{}", None)).await;
    let got = client(&server).manifest(&path(APP), &by_digest(&support::image::digest(b"{}"))).await.unwrap();
    assert_eq!((got.content, got.bytes), (Content::Other, b"{}".to_vec().into()));
}

#[tokio::test]
async fn pages_are_followed_on_the_own_path_only() {
    let server = Scripted::start(|request, _| match request.line.split_once('?').unwrap().1 {
        "n=1000" => answer(
            "200 OK",
            &["Link: <https://evil.test/v2/other/tags/list?last=b&n=2>; rel=\"next\""],
            r#"{"tags":["a","b"]}"#,
        ),
        "last=b&n=2" => answer("200 OK", &[], r#"{"name":"x","tags":["b","c"]}"#),
        other => panic!("{other}"),
    })
    .await;
    let tags = client(&server).tags(&path(APP)).await.unwrap();
    assert_eq!(tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(server.count("/v2/team/app/tags/list"), 2);
}

#[tokio::test]
async fn lists_without_end_are_left() {
    let again = |_: &Request, _| answer("200 OK", &["Link: </x?last=a>; rel=\"next\""], r#"{"tags":["a"]}"#);
    let server = Scripted::start(again).await;
    let got = client(&server).tags(&path(APP)).await;
    assert!(matches!(got, Err(RemoteError::BadAnswer { .. })), "{got:?}");
    assert_eq!(server.requests().len(), 2);

    let filler = format!(r#"{{"tags":["{}"]}}"#, "a".repeat(9 << 20));
    let more = move |_: &Request, _| answer("200 OK", &["Link: </x?last=a>; rel=\"next\""], &filler);
    let server = Scripted::start(more).await;
    let client = client_of(&server.url(), Limits::default(), None, Logins::default());
    let got = client.tags(&path(APP)).await;
    assert!(matches!(got, Err(RemoteError::BadAnswer { .. } | RemoteError::TooBig { .. })), "{got:?}");
    assert!(server.requests().len() <= 2);
}

#[tokio::test]
async fn lists_hold_only_what_registries_can_hold() {
    for (body, fits) in [
        (r#"{"tags":null}"#, true),
        (r#"{"tags":["a\u001b[2J"]}"#, false),
        (r#"{"tags":["../x"]}"#, false),
        (r#"{"tags":"a"}"#, false),
        ("<html>", false),
    ] {
        let server = Scripted::start(move |_, _| answer("200 OK", &[], body)).await;
        let got = client(&server).tags(&path(APP)).await;
        match fits {
            true => assert_eq!(got, Ok(vec![])),
            false => assert!(matches!(got, Err(RemoteError::BadAnswer { .. })), "{body}: {got:?}"),
        }
    }
}

#[tokio::test]
async fn a_longer_blob_ends_at_its_size_and_is_never_whole() {
    let blob = b"0123456789";
    let server = Scripted::start(|_, _| {
        let first = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n".to_vec();
        Act::Endless(first, b"5\r\nabcde\r\n".to_vec())
    })
    .await;
    let (given, ended) = read_blob(&client(&server), expected(&support::image::digest(blob), Some(10))).await;
    assert!(matches!(ended, Err(RemoteError::Length { expected: 10, found, .. }) if found > 10), "{ended:?}");
    assert!(given.len() <= 10);
    let limited = Expected { limit: 1000, ..expected(&support::image::digest(blob), None) };
    let (given, ended) = read_blob(&client(&server), limited).await;
    assert!(matches!(ended, Err(RemoteError::TooBig { limit: 1000, .. })), "{ended:?}");
    assert!(given.len() <= 1000);
}

#[tokio::test]
async fn a_blob_that_stalls_or_breaks_is_told_from_a_changed_one() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234";
    let name = support::image::digest(b"0123456789");
    let server = Scripted::start(move |_, _| Act::SendAndHang(head.as_bytes().to_vec())).await;
    let (_, ended) = read_blob(&client(&server), expected(&name, Some(10))).await;
    assert!(matches!(ended, Err(RemoteError::Slow { .. })), "{ended:?}");
    let server = Scripted::start(move |_, _| Act::SendAndClose(head.as_bytes().to_vec())).await;
    let (_, ended) = read_blob(&client(&server), expected(&name, Some(10))).await;
    assert!(matches!(ended, Err(RemoteError::BrokeOff { .. })), "{ended:?}");
}

#[tokio::test]
async fn an_encoded_blob_is_refused() {
    let server = Scripted::start(|_, _| answer("200 OK", &["Content-Encoding: gzip"], "0123456789")).await;
    let (_, ended) = read_blob(&client(&server), expected(&support::image::digest(b"0123456789"), Some(10))).await;
    assert!(matches!(ended, Err(RemoteError::BadAnswer { .. })), "{ended:?}");
}

/// A registry that asks for a password and then redirects to `to`.
async fn redirecting(to: String) -> Scripted {
    Scripted::start(move |request, _| match request.header("authorization") {
        None => answer("401 Unauthorized", &["WWW-Authenticate: Basic realm=\"x\""], ""),
        Some(_) => answer("307 Temporary Redirect", &[&format!("Location: {to}")], ""),
    })
    .await
}

#[tokio::test]
async fn a_blob_is_fetched_elsewhere_without_the_login() {
    let store = Scripted::start(|_, _| answer("200 OK", &[], "0123456789")).await;
    let server = redirecting(format!("{}/bucket/x?signature=1", store.url())).await;
    let client = client_of(&server.url(), SHORT, None, Logins::eve());
    let (bytes, ended) = read_blob(&client, expected(&support::image::digest(b"0123456789"), Some(10))).await;
    ended.unwrap();
    assert_eq!(bytes, b"0123456789");
    let asked = store.requests();
    assert_eq!(asked[0].line, "GET /bucket/x?signature=1");
    assert_eq!(asked[0].header("authorization"), None);
    assert!(server.requests().iter().any(|request| request.header("authorization").is_some()));
}

#[tokio::test]
async fn redirects_that_are_not_encrypted_or_have_no_end_are_not_followed() {
    for to in ["http://store.example.test/x", "ftp://localhost/x", "http://user@localhost/x"] {
        let server = redirecting(to.to_owned()).await;
        let client = client_of(&server.url(), SHORT, None, Logins::eve());
        let (_, ended) = read_blob(&client, expected(&support::image::digest(b"x"), None)).await;
        assert!(matches!(ended, Err(RemoteError::Redirect { .. })), "{ended:?}");
    }
    let server =
        Scripted::start(|_, number| answer("302 Found", &[&format!("Location: /v2/round/{number}")], "")).await;
    let (_, ended) = read_blob(&client(&server), expected(&support::image::digest(b"x"), None)).await;
    assert!(matches!(ended, Err(RemoteError::Redirect { .. })), "{ended:?}");
    assert!(server.requests().len() <= 7, "{}", server.requests().len());
}

#[tokio::test]
async fn storage_on_the_same_host_that_lost_a_blob_is_not_taken_for_a_registry() {
    let server = Scripted::start(|request, _| match request.line.contains("/v2/") {
        true => answer("307 Temporary Redirect", &["Location: /bucket/x"], ""),
        false => answer("404 Not Found", &["Content-Type: application/xml"], "<Error><Code>NoSuchKey</Code></Error>"),
    })
    .await;
    let (_, ended) = read_blob(&client(&server), expected(&support::image::digest(b"x"), None)).await;
    assert!(matches!(ended, Err(RemoteError::NotFound { .. })), "{ended:?}");
}

#[tokio::test]
async fn manifests_are_not_looked_for_elsewhere() {
    let server = redirecting("http://localhost:1/manifest".to_owned()).await;
    let client = client_of(&server.url(), SHORT, None, Logins::eve());
    let got = client.manifest(&path(APP), &tag("1.0")).await;
    assert!(matches!(got, Err(RemoteError::Redirect { .. })), "{got:?}");
}

#[tokio::test]
async fn the_catalogue_has_a_scope_of_its_own() {
    let server = Scripted::start(|request, _| {
        if request.line.contains("/token") {
            return answer("200 OK", &[], r#"{"token":"t"}"#);
        }
        match request.header("authorization") {
            Some("Bearer t") => answer("200 OK", &[], r#"{"repositories":["a/b","c"]}"#),
            _ => {
                let host = request.header("host").unwrap();
                let challenge = format!(r#"WWW-Authenticate: Bearer realm="http://{host}/token",service="s""#);
                answer("401 Unauthorized", &[&challenge], "")
            }
        }
    })
    .await;
    assert_eq!(client(&server).catalog().await.unwrap(), [path("a/b"), path("c")]);
    assert_eq!(server.count("scope=registry%3Acatalog%3A*&service=s"), 1);
}

#[test]
fn plain_http_is_for_this_machine_and_for_registries_that_are_named_insecure() {
    let plain = |url: &str, named| Endpoint::parse_registry(url, named).is_ok();
    assert!(plain("http://localhost:5000", false) && plain("http://127.0.0.1:5000", false));
    assert!(!plain("http://registry.example.test", false));
    assert!(plain("http://registry.example.test", true));
    assert!(plain("https://registry.example.test", false));
    assert!(!plain("ftp://localhost", true));
}
