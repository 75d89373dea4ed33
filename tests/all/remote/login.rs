//! Logins: what a server asks for with its first 401, and where passwords go.

use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;

use crate::remote::scripted::{Act, Request, Scripted, answer};
use crate::remote::*;

const REGISTRY: &str = "registry.test";
const EVE: &str = "Basic ZXZlOnM6ZWNyZXQ="; // eve:s:ecret

fn eve() -> Logins {
    Logins::password(REGISTRY, "eve", "s:ecret")
}

fn refuse(challenge: &str) -> Act {
    let told = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
    answer("401 Unauthorized", &[&format!("WWW-Authenticate: {challenge}")], told)
}

fn good() -> Act {
    answer("200 OK", &[], FILE)
}

/// A server that takes tokens of its own realm (`http://HOST/token`), answered by `realm`.
async fn with_tokens(
    realm_host: &'static str,
    realm: impl Fn(&Request) -> Act + Send + Sync + 'static,
    takes: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> Scripted {
    Scripted::start(move |request, _| {
        if request.line.contains("/token") {
            return realm(request);
        }
        if request.header("authorization").is_some_and(&takes) {
            return good();
        }
        let port = request.header("host").unwrap().rsplit_once(':').unwrap().1.to_owned();
        refuse(&format!(r#"Bearer realm="http://{realm_host}:{port}/token?x=1",service="a service",scope="ignored""#))
    })
    .await
}

fn token(text: &str) -> Act {
    answer("200 OK", &[], &format!(r#"{{"token":"{text}","expires_in":300}}"#))
}

#[tokio::test]
async fn a_server_that_asks_for_nothing_gets_no_login() {
    let server = Scripted::start(|_, _| good()).await;
    let logins = Arc::new(eve());
    fetch(&client_with(&server.url(), SHORT, Arc::clone(&logins))).await.unwrap();
    assert_eq!(server.requests()[0].header("authorization"), None);
    assert!(logins.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn basic_is_sent_once_asked_for_and_from_then_on() {
    let server = Scripted::start(|request, _| match request.header("authorization") {
        Some(EVE) => good(),
        _ => refuse("Basic realm=\"x\""),
    })
    .await;
    let client = client_with(&server.url(), SHORT, Arc::new(eve()));
    fetch(&client).await.unwrap();
    fetch(&client).await.unwrap();
    let sent: Vec<bool> = server.requests().iter().map(|r| r.header("authorization").is_some()).collect();
    assert_eq!(sent, [false, true, true, true], "asked, tried alone, used, used");
}

#[tokio::test]
async fn a_refused_password_names_its_user_and_registry() {
    let server = Scripted::start(|_, _| refuse("Basic realm=\"x\"")).await;
    let got = fetch(&client_with(&server.url(), SHORT, Arc::new(eve()))).await;
    match got {
        Err(RemoteError::Unauthorized { registry, user: Some(user), .. }) => {
            assert_eq!((registry.as_str(), user.as_str()), (REGISTRY, "eve"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(server.requests().len(), 2, "a refused password is not tried again");
    let got = fetch(&client(&server.url())).await;
    assert!(matches!(got, Err(RemoteError::Unauthorized { user: None, .. })), "{got:?}");
}

#[tokio::test]
async fn a_server_that_asks_for_a_login_no_more_is_read_again() {
    for challenge in ["Basic realm=\"x\"", "Bearer realm=\"http://elsewhere.test/token\",service=\"s\""] {
        let server = Scripted::start(move |_, number| if number == 0 { refuse(challenge) } else { good() }).await;
        let client = client(&server.url());
        assert!(fetch(&client).await.is_err(), "{challenge}");
        fetch(&client).await.unwrap();
    }
    // Also where the login was good once.
    let server = Scripted::start(|request, number| match (request.header("authorization"), number) {
        (None, 0..3) => refuse("Basic realm=\"x\""),
        (Some(_), 3..) => refuse("Basic realm=\"x\""),
        _ => good(),
    })
    .await;
    let client = client_with(&server.url(), SHORT, Arc::new(eve()));
    fetch(&client).await.unwrap();
    assert!(matches!(fetch(&client).await, Err(RemoteError::Unauthorized { .. })), "refused now");
    fetch(&client).await.unwrap();
    let sent = server.requests().iter().filter(|request| request.header("authorization").is_some()).count();
    assert_eq!(sent, 3, "tried alone, used, refused, and not sent again");
}

#[tokio::test]
async fn a_401_without_a_challenge_is_unauthorized() {
    let server = Scripted::start(|_, _| answer("401 Unauthorized", &[], "")).await;
    let got = fetch(&client(&server.url())).await;
    assert!(matches!(got, Err(RemoteError::Unauthorized { .. })), "{got:?}");
}

#[tokio::test]
async fn tokens_are_asked_for_as_docker_does() {
    let server = with_tokens("127.0.0.1", |_| token("T1"), |sent| sent == "Bearer T1").await;
    let client = client_with(&server.url(), SHORT, Arc::new(eve()));
    fetch(&client).await.unwrap();
    let asked = server.requests().into_iter().find(|r| r.line.contains("/token")).unwrap();
    let scope = "repository%3Aregistry.test%2Fteam%2Fapp%3Apull";
    assert_eq!(asked.line, format!("GET /token?x=1&account=eve&scope={scope}&service=a+service"));
    assert_eq!(asked.header("authorization"), Some(EVE));
}

#[tokio::test]
async fn a_token_is_taken_whatever_whole_number_says_how_long_it_lasts() {
    for seconds in ["-5", "0", "1", "99999999999999999999", "null"] {
        let realm = move |_: &Request| answer("200 OK", &[], &format!(r#"{{"token":"T","expires_in":{seconds}}}"#));
        let server = with_tokens("127.0.0.1", realm, |sent| sent == "Bearer T").await;
        let client = client_with(&server.url(), SHORT, Arc::new(eve()));
        fetch(&client).await.unwrap();
        fetch(&client).await.unwrap();
        let asked = server.requests().iter().filter(|request| request.line.contains("/token")).count();
        assert_eq!(asked, 1, "{seconds}: it is used for a minute at least");
    }
}

#[tokio::test]
async fn tokens_without_a_login_are_anonymous_and_access_token_is_one_too() {
    let realm = |_: &Request| answer("200 OK", &[], r#"{"access_token":"T2"}"#);
    let server = with_tokens("127.0.0.1", realm, |sent| sent == "Bearer T2").await;
    fetch(&client(&server.url())).await.unwrap();
    let asked = server.requests().into_iter().find(|r| r.line.contains("/token")).unwrap();
    assert!(!asked.line.contains("account"), "{}", asked.line);
    assert_eq!(asked.header("authorization"), None);
}

#[tokio::test]
async fn identity_tokens_are_exchanged_in_a_form() {
    let server = with_tokens("127.0.0.1", |_| token("T3"), |sent| sent == "Bearer T3").await;
    let logins = Logins { identity: Some("id & token".to_owned()), ..Logins::default() };
    fetch(&client_with(&server.url(), SHORT, Arc::new(logins))).await.unwrap();
    let asked = server.requests().into_iter().find(|r| r.line.contains("/token")).unwrap();
    assert_eq!(asked.line, "POST /token?x=1");
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    let body = String::from_utf8(asked.body).unwrap();
    let scope = "repository%3Aregistry.test%2Fteam%2Fapp%3Apull";
    assert_eq!(
        body,
        format!("client_id=docker&grant_type=refresh_token&refresh_token=id+%26+token&scope={scope}&service=a+service")
    );
}

#[tokio::test]
async fn parallel_requests_log_in_once_and_keep_the_token() {
    let server = with_tokens("127.0.0.1", |_| token("T4"), |sent| sent == "Bearer T4").await;
    let client = client_with(&server.url(), SHORT, Arc::new(eve()));
    assert!(join_all((0..20).map(|_| fetch(&client))).await.into_iter().all(|got| got.is_ok()));
    assert_eq!(server.count("/token"), 1);
    let before = server.requests().len();
    fetch(&client).await.unwrap();
    assert_eq!(server.requests().len(), before + 1, "a kept token is sent at once");
}

#[tokio::test]
async fn other_repositories_and_rights_have_their_own_tokens() {
    let server = with_tokens("127.0.0.1", |_| token("T5"), |sent| sent == "Bearer T5").await;
    let client = client_with(&server.url(), SHORT, Arc::new(eve()));
    let (stop, wanted) = (CancellationToken::new(), WantedFile::Current(Role::Root));
    for (name, access) in [("a", Access::Pull), ("b", Access::Pull), ("a", Access::Push), ("a", Access::All)] {
        client.fetch(&gun(&format!("{REGISTRY}/{name}")), &wanted, 100, access, &stop).await.unwrap();
    }
    let scopes: Vec<String> = server
        .requests()
        .into_iter()
        .filter(|r| r.line.contains("/token"))
        .map(|r| {
            let scope = r.line.split("scope=repository%3Aregistry.test%2F").nth(1).unwrap().to_owned();
            scope.split('&').next().unwrap().to_owned()
        })
        .collect();
    assert_eq!(scopes, ["a%3Apull", "b%3Apull", "a%3Apull%2Cpush", "a%3A*"]);
}

#[tokio::test]
async fn a_token_that_is_not_taken_any_more_is_replaced_once_for_all() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let issued = Arc::new(AtomicUsize::new(0));
    let (count, valid) = (Arc::clone(&issued), Arc::clone(&issued));
    let realm = move |_: &Request| token(&format!("N{}", count.fetch_add(1, Ordering::SeqCst) + 1));
    // Only the newest token is taken, and N1 never again after the first use.
    let uses = AtomicUsize::new(0);
    let takes = move |sent: &str| {
        let newest = sent == format!("Bearer N{}", valid.load(Ordering::SeqCst));
        newest && (sent != "Bearer N1" || uses.fetch_add(1, Ordering::SeqCst) == 0)
    };
    let server = with_tokens("127.0.0.1", realm, takes).await;
    let client = client_with(&server.url(), SHORT, Arc::new(eve()));
    fetch(&client).await.unwrap();
    assert!(join_all((0..10).map(|_| fetch(&client))).await.into_iter().all(|got| got.is_ok()));
    assert_eq!(issued.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_ends_the_try() {
    let server = with_tokens("127.0.0.1", |_| token("T6"), |_| false).await;
    let got = fetch(&client_with(&server.url(), SHORT, Arc::new(eve()))).await;
    assert!(matches!(&got, Err(RemoteError::Unauthorized { user: Some(user), .. }) if user == "eve"), "{got:?}");
    assert!(server.count("/token") <= 2);
}

#[tokio::test]
async fn a_token_without_the_rights_is_forbidden_for_a_user_and_unauthorized_for_nobody() {
    let server = Scripted::start(|request, _| {
        if request.line.contains("/token") {
            return token("T7");
        }
        let host = request.header("host").unwrap();
        refuse(&format!(r#"Bearer realm="http://{host}/token",service="s",error="insufficient_scope""#))
    })
    .await;
    let got = fetch(&client_with(&server.url(), SHORT, Arc::new(eve()))).await;
    assert!(matches!(got, Err(RemoteError::Forbidden { .. })), "{got:?}");
    let got = fetch(&client(&server.url())).await;
    assert!(matches!(got, Err(RemoteError::Unauthorized { user: None, .. })), "{got:?}");
}

#[tokio::test]
async fn a_realm_that_refuses_the_password_is_unauthorized() {
    let server = with_tokens("127.0.0.1", |_| refuse("Basic realm=\"x\""), |_| true).await;
    let got = fetch(&client_with(&server.url(), SHORT, Arc::new(eve()))).await;
    assert!(matches!(&got, Err(RemoteError::Unauthorized { user: Some(user), .. }) if user == "eve"), "{got:?}");
}

#[tokio::test]
async fn odd_token_answers_are_refused() {
    let odd = [
        answer("200 OK", &[], "no json"),
        answer("200 OK", &[], "{}"),
        answer("200 OK", &[], r#"{"token":""}"#),
        answer("200 OK", &[], "{\"token\":\"line\\nbreak\"}"),
        answer("200 OK", &[], &format!(r#"{{"token":"{}"}}"#, "x".repeat(300 * 1024))),
        answer("302 Found", &["Location: https://evil.test/"], ""),
        answer("500 Oops", &[], ""),
    ];
    for act in odd {
        let shown = format!("{act:?}").chars().take(80).collect::<String>();
        let server = with_tokens("127.0.0.1", move |_| act.clone(), |_| true).await;
        let got = fetch(&client_with(&server.url(), SHORT, Arc::new(eve()))).await;
        assert!(got.is_err(), "{shown}");
        assert_eq!(server.count("/_trust/"), 1, "{shown}");
    }
}

/// Whatever the realm speaks, an open line to the server is used: it would hold off everything else until it ends.
#[tokio::test]
async fn a_realm_that_speaks_otherwise_leads_nobody_off_the_line() {
    let old = || Act::SendAndClose(b"HTTP/1.0 200 OK\r\n\r\n{\"token\":\"T\",\"expires_in\":300}".to_vec());
    let server = with_tokens("127.0.0.1", move |_| old(), |sent| sent == "Bearer T").await;
    let client = client_with(&server.url(), SHORT, Arc::new(eve()));
    for _ in 0..3 {
        fetch(&client).await.unwrap();
    }
    assert_eq!(server.connections(), 2, "the line, and one to the realm");
}

#[tokio::test]
async fn a_realm_elsewhere_needs_consent_before_anything_goes_there() {
    let server = with_tokens("localhost", |_| token("T8"), |sent| sent == "Bearer T8").await;
    let got = fetch(&client_with(&server.url(), SHORT, Arc::new(eve()))).await;
    let place = format!("localhost:{}", server.address.port());
    assert!(matches!(&got, Err(RemoteError::RealmConsent { realm, .. }) if *realm == place), "{got:?}");
    let other_port = Logins { realms: BTreeSet::from(["localhost".to_owned()]), ..eve() };
    let got = fetch(&client_with(&server.url(), SHORT, Arc::new(other_port))).await;
    assert!(matches!(&got, Err(RemoteError::RealmConsent { .. })), "another port is another realm: {got:?}");
    assert_eq!(server.count("/token"), 0);
    let allowed = Logins { realms: BTreeSet::from([place]), ..eve() };
    fetch(&client_with(&server.url(), SHORT, Arc::new(allowed))).await.unwrap();
}

#[tokio::test]
async fn a_realm_that_is_not_encrypted_gets_no_login() {
    for realm in ["http://registry.test/token", "http://10.0.0.1/token", "ftp://127.0.0.1/", "https://u@127.0.0.1/", ""]
    {
        let server = Scripted::start(move |_, _| refuse(&format!("Bearer realm=\"{realm}\",service=\"s\""))).await;
        let anywhere = BTreeSet::from(["registry.test".to_owned(), "10.0.0.1".to_owned()]);
        let got = fetch(&client_with(&server.url(), SHORT, Arc::new(Logins { realms: anywhere, ..eve() }))).await;
        assert!(matches!(got, Err(RemoteError::BadAnswer { .. })), "{realm}: {got:?}");
    }
}

#[tokio::test]
async fn the_login_is_that_of_the_images_registry() {
    let server = Scripted::start(|_, _| refuse("Basic realm=\"x\"")).await;
    let host = server.address.to_string();
    let (stop, wanted) = (CancellationToken::new(), WantedFile::Current(Role::Root));
    let expected = [
        ("registry.test:5000/team/app", "registry.test:5000"),
        ("docker.io/library/alpine", "https://index.docker.io/v1/"),
        ("plain/collection", host.as_str()),
    ];
    for (name, registry) in expected {
        let logins = Arc::new(Logins::default());
        let client = client_with(&server.url(), SHORT, Arc::clone(&logins));
        let got = client.fetch(&gun(name), &wanted, 100, Access::Pull, &stop).await;
        assert!(matches!(&got, Err(RemoteError::Unauthorized { registry: named, .. }) if named == registry), "{got:?}");
        assert_eq!(*logins.asked.lock().unwrap(), [registry]);
    }
}

#[tokio::test]
async fn uploads_are_sent_again_after_the_login() {
    let server = Scripted::start(|request, _| match request.header("authorization") {
        Some(EVE) => answer("200 OK", &[], ""),
        _ => refuse("Basic realm=\"x\""),
    })
    .await;
    let client = client_with(&server.url(), SHORT, Arc::new(eve()));
    client.publish(&gun("registry.test/team/app"), &[(Role::Root, b"{\"r\":1}".to_vec())]).await.unwrap();
    let posts: Vec<_> = server.requests().into_iter().filter(|request| request.line.starts_with("POST")).collect();
    assert_eq!(posts.len(), 2);
    assert!(posts.iter().all(|post| String::from_utf8_lossy(&post.body).contains("{\"r\":1}")));
}

#[tokio::test]
async fn passwords_are_in_no_error_text() {
    assert_eq!(EVE, format!("Basic {}", STANDARD.encode("eve:s:ecret")));
    for act in [refuse("Basic x"), refuse("Bearer realm=x"), answer("500 Oops", &[], ""), Act::SendAndClose(vec![])] {
        let server = Scripted::start(move |request, _| match request.header("authorization") {
            None => refuse("Basic realm=\"x\""),
            Some(_) => act.clone(),
        })
        .await;
        let error = fetch(&client_with(&server.url(), SHORT, Arc::new(eve()))).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("ecret"), "{error:?}");
    }
}

#[tokio::test]
async fn a_password_that_was_refused_is_not_sent_again() {
    let server = with_tokens("127.0.0.1", |_| refuse("Basic realm=\"x\""), |_| true).await;
    let client = client_with(&server.url(), SHORT, Arc::new(eve()));
    let (stop, wanted) = (CancellationToken::new(), WantedFile::Current(Role::Timestamp));
    let names: Vec<_> = (0..20).map(|number| gun(&format!("{REGISTRY}/app{number}"))).collect();
    let asks = names.iter().map(|name| client.fetch(name, &wanted, 100, Access::Pull, &stop));
    for got in join_all(asks).await {
        assert!(matches!(&got, Err(RemoteError::Unauthorized { user: Some(user), .. }) if user == "eve"), "{got:?}");
    }
    let sent = server.requests().iter().filter(|request| request.header("authorization").is_some()).count();
    assert_eq!(sent, 1, "of 20 repositories");
}

#[tokio::test]
async fn a_password_that_a_realm_turns_down_with_other_numbers_is_not_sent_again_either() {
    for status in ["400 Bad Request", "403 Forbidden"] {
        let server = with_tokens("127.0.0.1", move |_| answer(status, &[], "no"), |_| true).await;
        let client = client_with(&server.url(), SHORT, Arc::new(eve()));
        let (stop, wanted) = (CancellationToken::new(), WantedFile::Current(Role::Timestamp));
        let names: Vec<_> = (0..5).map(|number| gun(&format!("{REGISTRY}/app{number}"))).collect();
        let asks = names.iter().map(|name| client.fetch(name, &wanted, 100, Access::Pull, &stop));
        assert!(join_all(asks).await.into_iter().all(|got| got.is_err()));
        let sent = server.requests().iter().filter(|request| request.header("authorization").is_some()).count();
        assert_eq!(sent, 1, "{status}");
    }
}

/// A person who is asked, and has a login then.
struct Asked(Logins, std::sync::atomic::AtomicBool);

impl CredentialSource for Asked {
    fn find<'a>(&'a self, server: &'a str, registry: &'a str) -> FindCredential<'a> {
        match self.1.load(Ordering::SeqCst) {
            true => self.0.find(server, registry),
            false => Box::pin(async { Ok(None) }),
        }
    }

    fn ask<'a>(&'a self, registry: &'a str, _: Option<RemoteError>) -> FindCredential<'a> {
        self.1.store(true, Ordering::SeqCst);
        self.0.find("", registry)
    }

    fn allows_realm(&self, server: &str, realm: &str) -> bool {
        self.0.allows_realm(server, realm)
    }
}

#[tokio::test]
async fn a_person_is_asked_where_the_token_that_anybody_gets_is_not_enough() {
    let realm = |request: &Request| token(if request.header("authorization").is_some() { "T11" } else { "T10" });
    let server = with_tokens("127.0.0.1", realm, |sent| sent == "Bearer T11").await;
    let client = client_of(&server.url(), SHORT, Arc::new(Asked(eve(), false.into())));
    fetch(&client).await.unwrap();
    fetch(&client).await.unwrap();
    assert_eq!(server.count("/token"), 2, "of nobody, and of the person");
}

/// A server that gives everybody a token and takes only that of a login, and a person who types his while a request with
/// nobody's token is under way, as he does who was asked for another one.
async fn typed_meanwhile(realm: fn(&Request) -> Act) -> (Scripted, NotaryServer) {
    let person = Arc::new(Asked(eve(), false.into()));
    let typed = Arc::clone(&person);
    let server = with_tokens("127.0.0.1", realm, move |sent| {
        typed.1.store(true, Ordering::SeqCst);
        sent == "Bearer T11"
    })
    .await;
    let client = client_of(&server.url(), SHORT, person);
    (server, client)
}

#[tokio::test]
async fn a_login_that_is_there_by_the_time_that_nobodys_token_is_refused_is_sent() {
    let realm = |request: &Request| token(if request.header("authorization").is_some() { "T11" } else { "T10" });
    let (server, client) = typed_meanwhile(realm).await;
    fetch(&client).await.unwrap();
    assert_eq!(server.count("/token"), 2, "of nobody, and of the person");
    let refusing = |request: &Request| match request.header("authorization") {
        Some(_) => answer("401 Unauthorized", &[], ""),
        None => token("T10"),
    };
    let (server, client) = typed_meanwhile(refusing).await;
    for _ in 0..3 {
        let got = fetch(&client).await;
        assert!(matches!(&got, Err(RemoteError::Unauthorized { user: Some(user), .. }) if user == "eve"), "{got:?}");
    }
    let sent = server.requests().iter().filter(|request| request.header("authorization") == Some(EVE)).count();
    assert_eq!(sent, 1, "a login that is refused is sent once");
}

/// What anybody may read is read with one token, which is not enough for what comes then.
#[tokio::test]
async fn a_person_is_asked_where_the_realm_gives_nobody_the_same_token_again() {
    let server = Scripted::start(|request, _| {
        let sent = request.header("authorization");
        if request.line.contains("/token") {
            return token(if sent.is_some() { "T11" } else { "T10" });
        }
        let is_open = request.line.contains("/open/");
        if sent == Some("Bearer T11") || is_open && sent == Some("Bearer T10") {
            return good();
        }
        refuse(&format!("Bearer realm=\"http://{}/token\",service=\"s\"", request.header("host").unwrap()))
    })
    .await;
    let client = client_of(&server.url(), SHORT, Arc::new(Asked(eve(), false.into())));
    let (stop, wanted) = (CancellationToken::new(), WantedFile::Current(Role::Timestamp));
    for name in ["open/app", "closed/app"] {
        client.fetch(&gun(&format!("{REGISTRY}/{name}")), &wanted, 1000, Access::Pull, &stop).await.unwrap();
    }
}

/// A helper that fails, and a person beside it who may know the login; what they were told.
struct Locked {
    person: Option<Logins>,
    told: Mutex<Vec<String>>,
}

impl CredentialSource for Locked {
    fn find<'a>(&'a self, _server: &'a str, registry: &'a str) -> FindCredential<'a> {
        let (helper, why) = ("docker-credential-x".to_owned(), "no wallet".to_owned());
        let error = RemoteError::Helper { helper, registry: registry.to_owned(), why };
        Box::pin(async { Err(error) })
    }

    fn ask<'a>(&'a self, registry: &'a str, lacking: Option<RemoteError>) -> FindCredential<'a> {
        self.told.lock().unwrap().extend(lacking.map(|error| error.to_string()));
        match &self.person {
            Some(logins) => logins.find("", registry),
            None => Box::pin(async { Ok(None) }),
        }
    }

    fn allows_realm(&self, _: &str, _: &str) -> bool {
        false
    }
}

#[tokio::test]
async fn where_a_helper_fails_a_person_is_told_so_and_asked() {
    let basic = Scripted::start(|request, _| match request.header("authorization") {
        Some(EVE) => good(),
        _ => refuse("Basic realm=\"x\""),
    })
    .await;
    let realm = |request: &Request| match request.header("authorization") {
        Some(EVE) => token("T"),
        _ => answer("401 Unauthorized", &[], ""),
    };
    let bearer = with_tokens("127.0.0.1", realm, |sent| sent == "Bearer T").await;
    for server in [&basic, &bearer] {
        for person in [Some(eve()), None] {
            let is_there = person.is_some();
            let locked = Arc::new(Locked { person, told: Mutex::default() });
            let client = client_of(&server.url(), SHORT, Arc::<Locked>::clone(&locked));
            let (read, sent) = (fetch(&client).await.map(drop), upload(&client, &gun("registry.test/web"), &[]).await);
            for got in [read, sent] {
                match got {
                    Ok(()) if is_there => {}
                    Err(RemoteError::Helper { .. }) if !is_there => {}
                    other => panic!("{other:?}"),
                }
            }
            assert!(locked.told.lock().unwrap().iter().all(|told| told.contains("no wallet")));
            assert!(!locked.told.lock().unwrap().is_empty());
        }
    }
}

/// A person whose password is another one once it is changed.
#[derive(Default)]
struct Changing(std::sync::atomic::AtomicBool);

impl CredentialSource for Changing {
    fn find<'a>(&'a self, _server: &'a str, registry: &'a str) -> FindCredential<'a> {
        let password = if self.0.load(Ordering::SeqCst) { "changed" } else { "s:ecret" };
        let login = Logins::password(registry, "eve", password);
        Box::pin(async move { login.find("", registry).await })
    }

    fn allows_realm(&self, _server: &str, _realm: &str) -> bool {
        false
    }
}

#[tokio::test]
async fn a_login_that_is_refused_for_an_upload_alone_is_not_sent_with_another_before_it_changed() {
    for with_tokens in [false, true] {
        let server = Scripted::start(move |request, _| {
            let sent = request.header("authorization").map(str::to_owned);
            if request.line.contains("/token") {
                return token(if sent.as_deref() == Some(EVE) { "OLD" } else { "NEW" });
            }
            let is_old = [EVE, "Bearer OLD"].map(str::to_owned).contains(&sent.clone().unwrap_or_default());
            if sent.is_some() && !(is_old && request.line.starts_with("POST")) {
                return good();
            }
            let realm = format!("http://{}/token", request.header("host").unwrap());
            refuse(&if with_tokens { format!("Bearer realm=\"{realm}\"") } else { "Basic realm=\"x\"".to_owned() })
        })
        .await;
        let logins = Arc::new(Changing::default());
        let client = client_of(&server.url(), SHORT, Arc::clone(&logins) as Arc<dyn CredentialSource>);
        let (name, files) = (gun(&format!("{REGISTRY}/team/app")), [(Role::Root, b"{}".to_vec())]);
        let uploads = || server.count("POST");
        fetch(&client).await.unwrap();
        for _ in 0..3 {
            let got = upload(&client, &name, &files).await;
            assert!(
                matches!(&got, Err(RemoteError::Unauthorized { user: Some(user), .. }) if user == "eve"),
                "{got:?}"
            );
            assert_eq!(uploads(), 1, "with tokens: {with_tokens}");
        }
        fetch(&client).await.unwrap();
        logins.0.store(true, Ordering::SeqCst);
        upload(&client, &name, &files).await.unwrap();
        assert_eq!(uploads(), 2, "with tokens: {with_tokens}");
    }
}

#[tokio::test]
async fn a_password_that_was_taken_is_sent_for_all_at_once() {
    let server = with_tokens("127.0.0.1", |_| token("T9"), |sent| sent == "Bearer T9").await;
    let client = client_with(&server.url(), SHORT, Arc::new(eve()));
    let (stop, wanted) = (CancellationToken::new(), WantedFile::Current(Role::Timestamp));
    let names: Vec<_> = (0..20).map(|number| gun(&format!("{REGISTRY}/app{number}"))).collect();
    let asks = names.iter().map(|name| client.fetch(name, &wanted, 100, Access::Pull, &stop));
    assert!(join_all(asks).await.into_iter().all(|got| got.is_ok()));
    assert_eq!(server.count("/token"), 20);
}
