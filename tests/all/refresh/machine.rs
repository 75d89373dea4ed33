//! A machine with its own directories and clock, on which one process follows another.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Timestamp as Time;
use trustdeck::engine::settings::ServerSources;
use trustdeck::engine::{Engine, EngineError, RepositoryView, Settings};

use crate::refresh::gun;
use crate::support::forge::noon;

pub struct Machine {
    pub dir: tempfile::TempDir,
    pub settings: Settings,
    clock: Arc<Mutex<Time>>,
}

impl Machine {
    pub fn new(server: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings {
            servers: ServerSources { flag: Some(server.to_owned()), ..ServerSources::default() },
            insecure_http: true,
            ..Settings::below(dir.path())
        };
        Self { dir, settings, clock: Arc::new(Mutex::new(noon())) }
    }

    /// A new process.
    pub fn engine(&self) -> Engine {
        let clock = Arc::clone(&self.clock);
        Engine::open(self.settings.clone(), Arc::new(move || *clock.lock().unwrap())).unwrap()
    }

    /// Asks the server, as a new process does.
    pub async fn refresh(&self) -> Result<RepositoryView, EngineError> {
        self.engine().views().refresh(&gun()).await
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
