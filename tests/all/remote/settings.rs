//! Settings from flags, environment and files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use trustdeck::config::{Flags, Places, screen, settings};
use trustdeck::engine::{EngineError, FirstContact, Kind, Settings};

/// A home directory with files in it.
struct Home(TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = Self(TempDir::new().unwrap());
        for (name, text) in files {
            let path = home.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match name.strip_suffix('/') {
                Some(_) => std::fs::create_dir_all(path).unwrap(),
                None => std::fs::write(path, text).unwrap(),
            }
        }
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn places(&self) -> Places {
        Places {
            home: self.0.path().to_owned(),
            config_dir: self.path(".config/trustdeck"),
            state_dir: self.path(".local/state/trustdeck"),
        }
    }

    fn settings_with(&self, flags: &Flags, environment: &[(&str, &str)]) -> Result<Settings, EngineError> {
        let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        settings(flags, environment, &self.places(), FirstContact::Trust)
    }

    fn settings(&self) -> Result<Settings, EngineError> {
        self.settings_with(&Flags::default(), &[])
    }

    /// The error of unusable files, which must be of class `input`.
    fn refusal(&self) -> String {
        let error = self.settings().unwrap_err();
        assert_eq!(error.kind(), Kind::Input, "{error}");
        format!("{error}; {}", error.hint())
    }
}

const OWN: &str = ".config/trustdeck/config.toml";
const NOTARY: &str = ".notary/config.json";

#[test]
fn an_empty_home_gives_dockers_places() {
    let home = Home::new(&[]);
    let settings = home.settings().unwrap();
    assert_eq!(settings.trust_dir, home.path(".docker/trust"));
    assert_eq!(settings.docker_config, home.path(".docker"));
    assert_eq!(settings.config_file, home.path(OWN));
    assert_eq!(settings.idle_lock, Duration::from_secs(15 * 60));
    assert!(settings.servers.notary.is_none() && settings.servers.environment.is_none());
    assert!(!home.path(".docker").exists() && !home.path(".config").exists(), "nothing is written");
}

#[test]
fn the_strongest_trust_directory_wins_and_says_why() {
    let all = Home::new(&[
        (OWN, "trust_dir = \"~/own\""),
        (".docker/trust/", ""),
        (NOTARY, r#"{"trust_dir": "~/notarys"}"#),
        ("elsewhere/trust/", ""),
    ]);
    let choose = |home: &Home, flag: Option<&str>, environment: &[(&str, &str)]| {
        let flags = Flags { trust_dir: flag.map(PathBuf::from), ..Flags::default() };
        let settings = home.settings_with(&flags, environment).unwrap();
        let relative = settings.trust_dir.strip_prefix(home.0.path()).map(Path::to_owned);
        (relative.unwrap_or(settings.trust_dir), settings.trust_dir_why)
    };
    let (directory, why) = choose(&all, Some("/flag"), &[]);
    assert_eq!((directory.to_str().unwrap(), why.as_str()), ("/flag", "--trust-dir"));
    let (directory, why) = choose(&all, None, &[]);
    assert_eq!(directory, Path::new("own"));
    assert!(why.contains("configuration"), "{why}");

    std::fs::remove_file(all.path(OWN)).unwrap();
    assert_eq!(choose(&all, None, &[]).0, Path::new(".docker/trust"));
    let elsewhere = all.path("elsewhere");
    let moved = [("DOCKER_CONFIG", elsewhere.to_str().unwrap())];
    assert_eq!(choose(&all, None, &moved).0, Path::new("elsewhere/trust"));

    std::fs::remove_dir_all(all.path(".docker")).unwrap();
    let (directory, why) = choose(&all, None, &[("DOCKER_CONFIG", "")]);
    assert_eq!(directory, Path::new("notarys"));
    assert!(why.contains("config.json"), "{why}");

    let only_notary = Home::new(&[(".notary/tuf/", "")]);
    assert_eq!(choose(&only_notary, None, &[]).0, Path::new(".notary"));
}

#[test]
fn servers_and_authorities_are_gathered_from_everywhere() {
    let own = "ca = \"own.pem\"\nidle_lock_minutes = 5\n[servers]\n\"docker.io/acme/*\" = \"https://acme.test\"\n\
               \"collection\" = \"https://c.test\"\n\"*\" = \"https://all.test\"";
    let notary = r#"{"Remote_Server": {"URL": "https://n.test", "Root_CA": "ca.crt",
        "tls_client_cert": "c.pem", "tls_client_key": "/k.pem"}}"#;
    let home = Home::new(&[(OWN, own), (NOTARY, notary)]);
    let flags = Flags {
        server: Some("https://flag.test".to_owned()),
        ca: vec![PathBuf::from("/flag.pem")],
        insecure_http: true,
        offline: true,
        allow_realm: vec!["auth.test".to_owned()],
        pkcs11_module: None,
        ..Flags::default()
    };
    let environment = [("DOCKER_CONTENT_TRUST_SERVER", "https://env.test")];
    let settings = home.settings_with(&flags, &environment).unwrap();
    assert_eq!(settings.servers.flag.as_deref(), Some("https://flag.test"));
    assert_eq!(settings.servers.environment.as_deref(), Some("https://env.test"));
    assert_eq!(settings.servers.notary, Some(("https://n.test".to_owned(), home.path(NOTARY))));
    assert_eq!(settings.servers.by_repository.len(), 3);
    assert_eq!(settings.tls.ca_files, [PathBuf::from("/flag.pem"), home.path(".config/trustdeck/own.pem")]);
    assert_eq!(settings.tls.notary_ca, Some(home.path(".notary/ca.crt")));
    assert_eq!(settings.tls.notary_client, Some((home.path(".notary/c.pem"), PathBuf::from("/k.pem"))));
    assert_eq!(settings.idle_lock, Duration::from_secs(300));
    assert!(settings.insecure_http && settings.offline && settings.allowed_realms.contains("auth.test"));
}

#[test]
fn mistakes_in_the_configuration_name_file_line_and_what_is_expected() {
    let table = [
        ("trust_dir = 5", "line 1: trust_dir is 5", "a path in quotes"),
        ("\n\ntrust_dri = \"x\"", "line 3: ", "trust_dir"),
        ("ca = 7", "line 1: ca is 7", "a path in quotes, or several"),
        ("mouse = \"on\"", "line 1: mouse is \"on\"", "true or false"),
        ("read_only = 1", "line 1: read_only is 1", "true or false"),
        ("theme = 1\nmouse = 1", "line 2: mouse is 1", "true or false"),
        ("theme = 1", "line 1: theme is 1", "in quotes"),
        ("allow_realm = \"a\"", "line 1: allow_realm is \"a\"", "in [ ]"),
        ("keys = 1", "line 1: keys is 1", "[keys]"),
        ("[colours]\nok = 1", "line 2: ok is 1", "a colour"),
        ("idle_lock_minutes = 2.5", "line 1: idle_lock_minutes is 2.5", "whole minutes, 1 to 1440"),
        ("[servers]\n\"a b\" = \"https://x\"", "\"a b\"", "docker.io/acme/web"),
        ("\n[servers]\n\"r.test\" = \"https://x\"", "line 3: servers names \"r.test\", a host", "write \"r.test/*\""),
        ("[servers]\n\"r.test/\" = \"https://x\"", "line 2: servers names \"r.test/\", a host", "\"r.test/*\""),
        ("[servers]\n\"r.test:5000\" = \"https://x\"", "\"r.test:5000\", a host", "\"r.test:5000/*\""),
        ("[servers]\n\"localhost:5000/\" = \"https://x\"", "\"localhost:5000/\", a host", "\"localhost:5000/*\""),
        ("[servers]\nlocalhost = \"https://x\"", "\"localhost\", a host", "\"localhost/*\""),
        (
            "\nallow_realm = [\"a.test\", \"https://a.test\"]",
            "line 2: allow_realm names \"https://a.test\"",
            "HOST:PORT",
        ),
        ("allow_realm = [\"a.test/token\"]", "line 1: allow_realm names \"a.test/token\"", "without scheme and path"),
        ("allow_realm = [\"a test\"]", "names \"a test\"", "give HOST"),
        ("allow_realm = [\"\"]", "names \"\"", "give HOST"),
        ("allow_realm = [\"*\"]", "names \"*\"", "give HOST"),
        ("allow_realm = [\"a.test:https\"]", "names \"a.test:https\"", "give HOST"),
        ("[servers]\nx = 1", "line 2: x is 1", "the address of a server"),
        ("[servers]\ntimeout = \"3s\"", "line 2: timeout is \"3s\"", "whole seconds, 1 to 3600"),
        ("[servers]\ntimeout = -1", "line 2: timeout is -1", "whole seconds, 1 to 3600"),
        ("[servers]\ntimeout = 2.5", "line 2: timeout is 2.5", "whole seconds, 1 to 3600"),
        ("[servers]\nparallel_requests = true", "line 2: parallel_requests is true", "1 to 64"),
        ("[servers]\ntimeout = 0", "timeout of servers is 0", "1 to 3600"),
        ("[servers]\nparallel_requests = 100", "parallel_requests of servers is 100", "1 to 64"),
        ("idle_lock_minutes = 0", "idle_lock_minutes is 0", "1 to 1440"),
        ("idle_lock_minutes = 99999", "idle_lock_minutes is 99999", "1 to 1440"),
        ("trust_dir = ", "line 1: ", "servers"),
    ];
    for (text, place, expected) in table {
        let refusal = Home::new(&[(OWN, text)]).refusal();
        let whole = refusal.contains("config.toml") && refusal.contains(place) && refusal.contains(expected);
        assert!(whole, "{text:?}: {refusal}");
        let of_the_program = ["invalid type", "u32", "usize", "u64", "i64", "sequence", "boolean"];
        assert!(of_the_program.iter().all(|word| !refusal.contains(word)), "{text:?}: {refusal}");
    }
}

#[test]
fn a_value_that_is_no_key_is_told_by_the_screen_and_ends_nothing() {
    let home = Home::new(&[(OWN, "[keys]\nquit = 1\nundo = [\"U\"]\nredo = true")]);
    assert!(home.settings().is_ok());
    let keys = screen(&home.places()).unwrap().keys;
    let of = |name: &str| keys.get(name).map(Vec::as_slice).unwrap_or_default();
    assert_eq!(
        (of("quit"), of("undo"), of("redo")),
        (&["the value 1".to_owned()][..], &["U".to_owned()][..], &["the value true".to_owned()][..])
    );
}

#[test]
fn mistakes_in_notarys_configuration_name_the_file_and_the_key() {
    let table = [
        ("{", "line 1"),
        ("[]", "expected a JSON object"),
        ("", "config.json: is empty"),
        (" \n", "config.json: is empty"),
        (r#"{"trust_dir": 1}"#, "trust_dir is not a text"),
        (r#"{"remote_server": "x"}"#, "remote_server is not an object"),
        (r#"{"remote_server": {"tls_client_cert": "x"}}"#, "needs tls_client_key"),
        (r#"{"remote_server": {"tls_client_key": "x"}}"#, "needs tls_client_cert"),
        (r#"{"remote_server": {"skipTLSVerify": "maybe"}}"#, "skipTLSVerify"),
        (r#"{"remote_server": {"skiptlsverify": true}}"#, "skipTLSVerify is refused"),
        (r#"{"trust_pinning": {"certs": 7}}"#, "certs is not an object"),
    ];
    for (text, expected) in table {
        let refusal = Home::new(&[(NOTARY, text)]).refusal();
        assert!(refusal.contains("config.json") && refusal.contains(expected), "{text}: {refusal}");
    }
    assert!(Home::new(&[(NOTARY, "null")]).settings().is_ok(), "notary goes on with it");
    let elsewhere = Home::new(&[(NOTARY, r#"{"remote_server": {"skipTLSVerify": true}}"#)]);
    let flags = Flags { server: Some("https://x.test".to_owned()), ..Flags::default() };
    assert!(elsewhere.settings_with(&flags, &[]).is_ok(), "another server is asked");
}

#[test]
fn pins_of_notary_are_read_for_names_with_capitals_too() {
    let ca = TempDir::new().unwrap();
    let file = ca.path().join("ca.pem");
    std::fs::write(&file, "PEM").unwrap();
    let text = serde_json::json!({"Trust_Pinning": {
        "disable_TOFU": true,
        "certs": {"Docker.io/Acme/Web": ["AA"], "docker.io/*": ["bb", "cc"]},
        "ca": {"docker.io/other": file},
    }});
    let pinning = Home::new(&[(NOTARY, &text.to_string())]).settings().unwrap().pinning;
    assert!(pinning.disable_tofu);
    assert_eq!(pinning.certs["Docker.io/Acme/Web"], ["aa"]);
    assert_eq!(pinning.certs["docker.io/acme/web"], ["aa"]);
    assert_eq!(pinning.certs["docker.io/*"], ["bb", "cc"]);
    assert_eq!(pinning.ca["docker.io/other"].as_deref(), Ok("PEM"));
}

#[test]
fn a_pin_whose_file_is_missing_concerns_its_own_prefix_only() {
    let text = r#"{"trust_pinning": {"ca": {"docker.io/other/": "./ca.pem"}}}"#;
    let odd = r#"{"trust_pinning": {"ca": {"docker.io/other/": 7}, "certs": {"docker.io/web": "aa"}}}"#;
    let pinning = Home::new(&[(NOTARY, odd)]).settings().unwrap().pinning;
    assert!(pinning.ca["docker.io/other/"].is_err() && pinning.certs["docker.io/web"].is_empty());
    let home = Home::new(&[(NOTARY, text)]);
    let why = home.settings().unwrap().pinning.ca["docker.io/other/"].clone().unwrap_err();
    assert!(why.contains("ca.pem"), "{why}");
    // Relative to its file, wherever the program runs.
    let beside = Home::new(&[(NOTARY, text), (".notary/ca.pem", "PEM")]);
    assert_eq!(beside.settings().unwrap().pinning.ca["docker.io/other/"].as_deref(), Ok("PEM"));
}

#[test]
fn helpers_get_the_environment_without_secrets() {
    let environment = [
        ("PATH", "/bin"),
        ("DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", "x"),
        ("NOTARY_TARGETS_PASSPHRASE", "x"),
        ("notary_snapshot_passphrase", "x"),
        ("NOTARY_AUTH", "x"),
        ("DOCKER_AUTH_CONFIG", "x"),
        ("TRUSTDECK_SANDBOX_AUTH", "x"),
    ];
    let settings = Home::new(&[]).settings_with(&Flags::default(), &environment).unwrap();
    assert_eq!(settings.helper_environment, [(OsString::from("PATH"), OsString::from("/bin"))]);
}

#[test]
fn servers_have_deadlines_and_places_beside_their_addresses() {
    let text = "allow_realm = [\" auth.test:8443 \"]\n[servers]\ntimeout = 90\nparallel_requests = 3\n\"r.test/*\" = \"https://n.test\"";
    let settings = Home::new(&[(OWN, text)]).settings().unwrap();
    assert_eq!((settings.servers.timeout, settings.servers.parallel_requests), (Some(90), Some(3)));
    assert_eq!(settings.servers.by_repository.len(), 1);
    assert!(settings.allowed_realms.contains("auth.test:8443"));
}

#[test]
fn addresses_of_registries_are_named_by_hosts_alone() {
    for host in ["localhost:4943/*", "registry.test/team", "*", "https://registry.test", ""] {
        let text = format!("[registries]\n{host:?} = \"http://localhost:1\"\n");
        let refusal = Home::new(&[(OWN, &text)]).refusal();
        assert!(refusal.contains(&format!("registries names {host:?}, which is no host of images")), "{refusal}");
    }
    let text = "[registries]\n\"localhost:4943\" = \"http://localhost:1\"\n\"docker.io\" = \"https://mirror.test\"\n";
    assert_eq!(Home::new(&[(OWN, text)]).settings().unwrap().servers.registries.addresses.len(), 2);
}

#[test]
fn the_login_of_notary_is_taken_and_never_shown() {
    let settings = Home::new(&[]).settings_with(&Flags::default(), &[("NOTARY_AUTH", "c2VjcmV0")]).unwrap();
    assert!(settings.notary_auth.is_some());
    assert!(!format!("{settings:?}").contains("c2VjcmV0"));
    assert_eq!(Home::new(&[]).settings_with(&Flags::default(), &[("NOTARY_AUTH", "")]).unwrap().notary_auth, None);
}
