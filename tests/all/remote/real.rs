//! The real `notary-server`.

use crate::remote::*;
use crate::support::{Home, NotaryServer as Real};

fn client_of(server: &Real) -> NotaryServer {
    let tls = TlsMaterial { authorities: crate::remote::authorities(&server.ca), ..TlsMaterial::default() };
    let endpoint = Endpoint::parse(&server.url, false).unwrap();
    NotaryServer::new(endpoint, Setup { tls, ..Setup::default() }, Arc::<Logins>::default()).unwrap()
}

/// A repository with one tag, published by `notary`.
fn published(server: &Real, name: &str) -> Home {
    let home = Home::new(server);
    home.notary(&["init", name, "-p"]).ok();
    home.notary_sign(name, "v1", &["targets"]);
    home
}

async fn current(client: &NotaryServer, gun: &Gun, role: Role) -> Result<Vec<u8>, RemoteError> {
    let wanted = WantedFile::Current(role);
    let stop = CancellationToken::new();
    Ok(client.fetch(gun, &wanted, 1 << 20, Access::Push, &stop).await?.bytes)
}

#[tokio::test]
async fn files_are_fetched_by_name_hash_and_version() {
    let Some(server) = Real::start() else { return };
    let name = gun("registry.example.test/real/fetch");
    let _home = published(&server, name.as_str());
    let client = client_of(&server);
    let root = current(&client, &name, Role::Root).await.unwrap();
    let stop = CancellationToken::new();
    let sha256 = {
        use sha2::Digest;
        hex::encode(sha2::Sha256::digest(&root))
    };
    for wanted in
        [WantedFile::ByHash { role: Role::Root, sha256 }, WantedFile::Version { role: Role::Root, version: 1 }]
    {
        let received = client.fetch(&name, &wanted, 1 << 20, Access::Pull, &stop).await.unwrap();
        assert_eq!(received.bytes, root);
        let clock = received.date.expect("the server tells its time");
        assert!(clock.duration_until(jiff::Timestamp::now()).as_secs().abs() < 60);
    }
    let missing = client.fetch(&name, &WantedFile::Version { role: Role::Root, version: 7 }, 100, Access::Pull, &stop);
    assert!(matches!(missing.await, Err(RemoteError::NotFound { what, .. }) if what == "version 7 of root"));
}

#[tokio::test]
async fn refused_uploads_say_which_role_and_why() {
    let Some(server) = Real::start() else { return };
    let name = gun("registry.example.test/real/upload");
    let _home = published(&server, name.as_str());
    let client = client_of(&server);
    let targets = current(&client, &name, Role::Targets).await.unwrap();
    let snapshot = current(&client, &name, Role::Snapshot).await.unwrap();

    let again = upload(&client, &name, &[(Role::Targets, targets.clone()), (Role::Snapshot, snapshot.clone())]).await;
    assert_eq!(again, Err(RemoteError::Version { host: client.endpoint().host().to_owned() }));

    let mut forged = targets.clone();
    let at = forged.windows(4).position(|w| w == b"\"v1\"").unwrap();
    forged[at + 2] = b'9';
    match upload(&client, &name, &[(Role::Targets, forged)]).await {
        Err(RemoteError::Invalid { role: Some(Role::Targets), detail, .. }) => assert!(!detail.is_empty()),
        other => panic!("{other:?}"),
    }
    let delegation = (Role::parse("targets/releases").unwrap(), targets);
    match upload(&client, &name, &[delegation]).await {
        Err(RemoteError::Invalid { role, .. }) => assert_eq!(role, Some(Role::parse("targets/releases").unwrap())),
        other => panic!("{other:?}"),
    }
    match upload(&client, &gun("registry.example.test/real/other"), &[(Role::Snapshot, snapshot)]).await {
        Err(RemoteError::Invalid { role: None, detail, .. }) => assert!(detail.contains("no root"), "{detail}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_notary_published_can_be_deleted() {
    let Some(server) = Real::start() else { return };
    let name = gun("registry.example.test/real/delete");
    let _home = published(&server, name.as_str());
    let client = client_of(&server);
    client.delete(&name).await.unwrap();
    let gone = current(&client, &name, Role::Timestamp).await;
    assert!(matches!(gone, Err(RemoteError::NotFound { .. })), "{gone:?}");
}

#[tokio::test]
async fn an_upload_that_notary_made_is_taken_again_under_another_server() {
    let (Some(from), Some(to)) = (Real::start(), Real::start()) else { return };
    let name = gun("registry.example.test/real/copied");
    let home = published(&from, name.as_str());
    home.notary(&["key", "rotate", name.as_str(), "snapshot"]).ok();
    let (source, target) = (client_of(&from), client_of(&to));
    let mut files = Vec::new();
    for role in [Role::Root, Role::Targets, Role::Snapshot] {
        files.push((role.clone(), current(&source, &name, role).await.unwrap()));
    }
    // The other server has no timestamp key of this root: it reads the whole form and then says so.
    match upload(&target, &name, &files).await {
        Err(RemoteError::Invalid { role: Some(Role::Root), detail, .. }) => {
            assert!(detail.contains("timestamp"), "{detail}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn parallel_requests_for_server_keys_do_not_crash_the_server() {
    let Some(server) = Real::start() else { return };
    let client = client_of(&server);
    let names: Vec<Gun> = (0..40).map(|i| gun(&format!("registry.example.test/real/key{i}"))).collect();
    let asks = names.iter().map(|name| client.server_key(name, &Role::Timestamp));
    for key in futures_util::future::join_all(asks).await {
        key.unwrap();
    }
    let rotated = client.rotate_server_key(&names[0], &Role::Snapshot).await.unwrap();
    assert_eq!(rotated.public().len(), 32, "the local trust service makes ed25519 keys");
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_a_tls_error() {
    let (Some(server), Some(other)) = (Real::start(), Real::start()) else { return };
    let tls = TlsMaterial { authorities: crate::remote::authorities(&other.ca), ..TlsMaterial::default() };
    let endpoint = Endpoint::parse(&server.url, false).unwrap();
    let client =
        NotaryServer::new(endpoint, Setup { tls, limits: SHORT, ..Setup::default() }, Arc::<Logins>::default())
            .unwrap();
    let refused = fetch(&client).await;
    assert!(
        matches!(
            &refused,
            Err(RemoteError::Tls { why: TlsFault::BadSignature | TlsFault::UnknownAuthority { .. }, .. })
        ),
        "{refused:?}"
    );
    let files = [(Role::Root, b"{}".to_vec())];
    let refused = upload(&client, &gun("registry.test/team/app"), &files).await;
    assert!(matches!(refused, Err(RemoteError::Tls { .. })), "nothing was sent: {refused:?}");
}

#[tokio::test]
async fn https_to_a_server_without_tls_is_a_tls_error() {
    let Some(server) = Real::start_plain() else { return };
    let url = server.url.replace("http:", "https:");
    let endpoint = Endpoint::parse(&url, false).unwrap();
    let client =
        NotaryServer::new(endpoint, Setup { limits: SHORT, ..Setup::default() }, Arc::<Logins>::default()).unwrap();
    let refused = fetch(&client).await;
    assert!(matches!(&refused, Err(RemoteError::Tls { why: TlsFault::NotTls, .. })), "{refused:?}");
}
