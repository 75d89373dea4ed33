//! The servers of `assets/production`, from Debian's packages: their files as they are, but for addresses and paths.
//!
//! The service that gives tokens is not packaged: one of the tests' own stands for it, with the certificates and the key
//! of the assets.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::notary_server::{Process, start_on_free_port};
use super::token_service::{TokenKey, TokenService};
use super::{Postgres, peers, run};

/// Running servers; they end with the value.
pub struct Production {
    /// Base URL of the trust server.
    pub url: String,
    /// Base URL of the registry.
    pub registry: String,
    /// The authority of all.
    pub ca: PathBuf,
    pub database: Postgres,
    pub tokens: TokenService,
    _processes: [Process; 3],
    _dir: TempDir,
}

pub fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/production")
}

/// Makes the certificates of the assets below a directory; gives where those are that servers get.
pub fn certificates(dir: &Path) -> PathBuf {
    let private = dir.join("private");
    run(Command::new("sh").arg(assets().join("certificates")).arg(&private)).ok();
    private.join("certs")
}

impl Production {
    /// `None` if something is not installed.
    pub fn start() -> Option<Self> {
        peers(&["notary-server", "notary-signer", "docker-registry", "openssl"])?;
        let database = Postgres::start()?;
        database.query("postgres", &std::fs::read_to_string(assets().join("database.sql")).unwrap()).ok();
        let dir = TempDir::new().unwrap();
        let certs = certificates(dir.path());
        let file = |name: &str| certs.join(name);
        let key = TokenKey::read(&file("auth.crt"), &file("auth.key"), "auth.example.com");
        let tokens = TokenService::start(&file("auth-tls.crt"), &file("auth-tls.key"), key);
        let start = |program: &str, file: &str, arguments: &[&str], change: &dyn Fn(&mut Value, u16)| {
            start_on_free_port(|port| {
                let text = std::fs::read_to_string(assets().join(file)).unwrap();
                let text = text.replace("/certs/", &format!("{}/", certs.display()));
                let text = text.replace("/var/lib/registry", &dir.path().join("images").display().to_string());
                let text = text.replace("database:5432", &database.address());
                let text = text.replace("https://auth.example.com:5001/auth", &tokens.realm);
                let mut config: Value = serde_json::from_str(&text).unwrap();
                change(&mut config, port);
                Self::process(dir.path(), program, arguments, &config)
            })
        };
        let here = |port: u16| Value::from(format!("127.0.0.1:{port}"));
        let set = |config: &mut Value, port: u16| config["server"]["grpc_addr"] = here(port);
        let (signer, signer_port) = start("notary-signer", "notary-signer.json", &["-config"], &set);
        let set = |config: &mut Value, port: u16| {
            config["server"]["http_addr"] = here(port);
            config["trust_service"]["hostname"] = "localhost".into();
            config["trust_service"]["port"] = signer_port.to_string().into();
        };
        let (server, port) = start("notary-server", "notary-server.json", &["-config"], &set);
        let set = |config: &mut Value, port: u16| config["http"]["addr"] = here(port);
        let (registry, registry_port) = start("docker-registry", "registry.json", &["serve"], &set);
        Some(Self {
            url: format!("https://localhost:{port}"),
            registry: format!("https://localhost:{registry_port}"),
            ca: certs.join("ca.crt"),
            database,
            tokens,
            _processes: [server, signer, registry],
            _dir: dir,
        })
    }

    fn process(dir: &Path, program: &str, arguments: &[&str], config: &Value) -> Process {
        let (file, log) = (dir.join(format!("{program}.json")), dir.join(format!("{program}.log")));
        std::fs::write(&file, config.to_string()).unwrap();
        let output = std::fs::File::create(&log).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).arg(&file).current_dir(dir).env("NOTARY_SIGNER_CURRENT", "a long passphrase");
        let child =
            command.stdin(std::process::Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output).spawn();
        Process::of(child.unwrap(), log, Signal::KILL)
    }
}
