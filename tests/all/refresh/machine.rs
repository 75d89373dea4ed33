//! A machine with its own directories and clock, on which one process follows another.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp as Time;
use trustdeck::engine::settings::{ServerSources, TlsSources};
use trustdeck::engine::{Engine, FirstContact, Settings};
use trustdeck::tuf::verify::Pinning;

use crate::support::forge::noon;

pub struct Machine {
    pub dir: tempfile::TempDir,
    pub settings: Settings,
    clock: Arc<Mutex<Time>>,
}

impl Machine {
    pub fn new(server: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let settings = Settings {
            trust_dir: at("trust"),
            trust_dir_why: "a test's".to_owned(),
            reasons: Default::default(),
            state_dir: at("state"),
            config_file: at("config.toml"),
            docker_config: at("docker"),
            servers: ServerSources { flag: Some(server.to_owned()), ..ServerSources::default() },
            tls: TlsSources::default(),
            insecure_http: true,
            offline: false,
            allowed_realms: std::collections::BTreeSet::new(),
            first_contact: FirstContact::Trust,
            pinning: Pinning::default(),
            pkcs11_module: None,
            idle_lock: Duration::from_secs(60),
            notary_auth: None,
            log_file: std::path::PathBuf::from("/nonexistent/trustdeck.log"),
            read_only: Default::default(),
            helper_launcher: Vec::new(),
            helper_environment: Vec::new(),
            typed_paths: Default::default(),
        };
        Self { dir, settings, clock: Arc::new(Mutex::new(noon())) }
    }

    /// A new process.
    pub fn engine(&self) -> Engine {
        let clock = Arc::clone(&self.clock);
        Engine::open(self.settings.clone(), Arc::new(move || *clock.lock().unwrap())).unwrap()
    }

    pub fn set_clock(&self, time: Time) {
        *self.clock.lock().unwrap() = time;
    }

    /// The path of a cached file.
    pub fn cached(&self, gun: &str, file: &str) -> PathBuf {
        self.settings.trust_dir.join("tuf").join(gun).join("metadata").join(file)
    }

    /// Everything in the cache of a repository, by name.
    pub fn cache(&self, gun: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.cached(gun, "")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.clone(), std::fs::read(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }
}
