use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;

fn settings(servers: ServerSources) -> Settings {
    Settings { servers, ..Settings::below(std::path::Path::new("/nowhere")) }
}

fn gun(name: &str) -> Gun {
    Gun::parse(name).unwrap()
}

/// Every source at once; each row of the test takes the strongest away.
fn all_sources() -> ServerSources {
    let own = [
        ("registry.test/team/*", "https://prefix.test"),
        ("registry.test/*", "https://shorter.test"),
        ("registry.test/team/app", "https://exact.test/"),
    ];
    ServerSources {
        flag: Some("https://flag.test".to_owned()),
        by_repository: own.map(|(name, url)| (name.to_owned(), url.to_owned())).into(),
        environment: Some("https://environment.test".to_owned()),
        registries: Default::default(),
        notary: Some(("https://notary.test:4443".to_owned(), PathBuf::from("/home/config.json"))),
        ..ServerSources::default()
    }
}

#[test]
fn the_strongest_source_names_the_server() {
    let mut sources = all_sources();
    let chosen = |sources: &ServerSources| {
        let (endpoint, why) = endpoint_of(&settings(sources.clone()), Some(&gun("registry.test/team/app"))).unwrap();
        (endpoint.base().to_owned(), why)
    };
    let pair = |url: &str, why: &str| (url.to_owned(), why.to_owned());
    assert_eq!(chosen(&sources), pair("https://flag.test", "--server"));
    sources.flag = None;
    let own = |pattern: &str| format!("trustdeck's configuration for {pattern}");
    assert_eq!(chosen(&sources), pair("https://exact.test", &own("registry.test/team/app")));
    sources.by_repository.remove("registry.test/team/app");
    assert_eq!(chosen(&sources), pair("https://prefix.test", &own("registry.test/team/*")));
    sources.by_repository.remove("registry.test/team/*");
    assert_eq!(chosen(&sources), pair("https://shorter.test", &own("registry.test/*")));
    sources.by_repository = BTreeMap::new();
    assert_eq!(chosen(&sources), pair("https://environment.test", "DOCKER_CONTENT_TRUST_SERVER"));
    sources.environment = None;
    assert_eq!(chosen(&sources), pair("https://notary.test:4443", "remote_server.url in /home/config.json"));
    sources.notary = None;
    assert_eq!(chosen(&sources), pair("https://registry.test", "the registry's host, because none is set"));
}

#[test]
fn without_any_source_the_name_tells() {
    let nothing = settings(ServerSources::default());
    let base = |name: &str| endpoint_of(&nothing, Some(&gun(name))).map(|(endpoint, _)| endpoint.base().to_owned());
    assert_eq!(base("docker.io/library/alpine").unwrap(), "https://notary.docker.io");
    assert_eq!(base("registry.test:5000/web").unwrap(), "https://registry.test:5000");
    assert!(matches!(base("collection/of/notary"), Err(EngineError::Input { .. })));
    assert_eq!(endpoint_of(&nothing, None).unwrap().0.base(), "https://notary.docker.io");
}

#[test]
fn an_unusable_address_says_where_it_is_from() {
    let sources = ServerSources { environment: Some("http://far.test".to_owned()), ..ServerSources::default() };
    let error = endpoint_of(&settings(sources), Some(&gun("registry.test/web"))).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("not encrypted") && text.contains("DOCKER_CONTENT_TRUST_SERVER"), "{text}");
}

/// A TLS directory of Docker's for `https://h.test:4443` with these files.
fn with_files(files: &[&str]) -> (tempfile::TempDir, Settings, Endpoint) {
    let dir = tempfile::TempDir::new().unwrap();
    let tls = dir.path().join("tls/h.test:4443");
    std::fs::create_dir_all(&tls).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem();
    for name in files {
        let text = if name.ends_with(".key") { key.serialize_pem() } else { certificate.clone() };
        std::fs::write(tls.join(name), if name.contains("bad") { "no PEM".to_owned() } else { text }).unwrap();
    }
    let mut settings = settings(ServerSources::default());
    settings.docker_config = dir.path().to_owned();
    (dir, settings, Endpoint::parse("https://h.test:4443/path", false).unwrap())
}

#[test]
fn certificates_are_found_as_docker_finds_them() {
    let counted = |files: &[&str]| {
        let (_dir, settings, endpoint) = with_files(files);
        certificates::material(&settings, &endpoint, &Remarks::default())
            .map(|material| (material.authorities.len(), material.identities.len()))
            .map_err(|error| error.to_string())
    };
    assert_eq!(counted(&[]), Ok((0, 0)));
    assert_eq!(counted(&["ca.crt", "b.crt", "c.cert", "c.key", "notes.txt", "cert.pem"]), Ok((2, 1)));
    for (files, named) in [
        (&["a.cert"][..], "a.key is missing"),
        (&["a.key"], "a.cert is missing"),
        (&["bad.crt"], "bad.crt"),
        (&["bad.cert", "bad.key"], "bad.cert"),
    ] {
        let error = counted(files).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn an_authority_that_cannot_be_used_is_left_out_beside_others_with_a_word() {
    let (dir, mut settings, endpoint) = with_files(&["bad.crt", "ca.crt"]);
    let remarks = Remarks::default();
    let mut heard = remarks.listen();
    let material = certificates::material(&settings, &endpoint, &remarks).unwrap();
    assert_eq!(material.authorities.len(), 1);
    let remark = heard.try_recv().unwrap().to_string();
    assert!(remark.contains("bad.crt: holds no PEM block CERTIFICATE"), "{remark}");
    // Who names a file means it.
    settings.tls.ca_files = vec![dir.path().join("tls/h.test:4443/bad.crt")];
    let error = certificates::material(&settings, &endpoint, &remarks).err().unwrap().to_string();
    assert!(error.contains("bad.crt"), "{error}");
}

#[test]
fn a_client_certificate_beside_the_key_of_another_names_both_files() {
    let (dir, settings, endpoint) = with_files(&["c.cert"]);
    let key = dir.path().join("tls/h.test:4443/c.key");
    std::fs::write(&key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let error = certificates::material(&settings, &endpoint, &Remarks::default()).err().unwrap().to_string();
    assert!(error.contains("c.cert") && error.contains(&key.display().to_string()), "{error}");
}

#[test]
fn notarys_authority_is_for_notarys_server_only() {
    let (dir, mut settings, endpoint) = with_files(&["ca.crt"]);
    settings.tls.notary_ca = Some(dir.path().join("tls/h.test:4443/ca.crt"));
    let found = |settings: &Settings| {
        certificates::material(settings, &endpoint, &Remarks::default()).unwrap().authorities.len()
    };
    settings.servers.notary = Some(("https://other.test".to_owned(), PathBuf::new()));
    assert_eq!(found(&settings), 1);
    settings.servers.notary = Some(("https://h.test:4443/path".to_owned(), PathBuf::new()));
    assert_eq!(found(&settings), 2);
    settings.tls.ca_files = vec![dir.path().join("gone.pem")];
    let error = certificates::material(&settings, &endpoint, &Remarks::default()).err().unwrap().to_string();
    assert!(error.contains("gone.pem"), "{error}");
}
