//! Two users who do the same: one with Docker's own `docker trust`, one with trustdeck's.

use std::collections::HashMap;
use std::os::unix::fs::symlink;
use std::process::Command;

use tempfile::TempDir;

use crate::support::docker_registry::Protection;
use crate::support::image::{DOCKER_MANIFEST, Image};
use crate::support::{DockerRegistry, Engine, Home, NotaryServer, Ran, peers, run_with_input};

/// A user with a trust server of their own, so that both may use the same names.
pub struct User {
    pub home: Home,
    pub server: NotaryServer,
    engine_host: String,
    ours: bool,
}

/// Both, with one registry and one engine.
pub struct Lab {
    pub docker: User,
    pub ours: User,
    /// `localhost:PORT`.
    pub registry: String,
    pub engine: Engine,
    _registry: DockerRegistry,
    _dir: TempDir,
}

/// Paths in the registry that hold the engine's image under every tag of [`TAGS`].
pub const PATHS: [&str; 3] = ["team/app", "team/new", "team/other"];
pub const TAGS: [&str; 3] = ["1.0", "2.0", "3.0"];

impl Lab {
    /// `None` if one of the programs is not installed.
    pub fn start() -> Option<Self> {
        peers(&["docker", "docker-registry"])?;
        let dir = TempDir::new().unwrap();
        let registry = DockerRegistry::start(dir.path(), &Protection::Nobody, None)?;
        let image = Image::new(DOCKER_MANIFEST, &[b"layer"]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for path in PATHS {
            TAGS.iter().for_each(|tag| runtime.block_on(image.push(&registry.url, path, tag)));
        }
        let engine = Engine::start(dir.path(), &image.manifest);
        let user = |ours| {
            let server = NotaryServer::start()?;
            Some(User { home: Home::new(&server), server, engine_host: engine.host.clone(), ours })
        };
        let (docker, ours) = (user(false)?, user(true)?);
        symlink(env!("CARGO_BIN_EXE_trustdeck"), ours.home.path().join("docker-trust")).unwrap();
        let name = format!("localhost:{}", registry.port);
        Some(Self { docker, ours, registry: name, engine, _registry: registry, _dir: dir })
    }

    pub fn both(&self) -> [&User; 2] {
        [&self.docker, &self.ours]
    }

    /// Names of images with the registry in the place of `REG`.
    pub fn words(&self, line: &str) -> Vec<String> {
        line.split_whitespace().map(|word| word.replace("REG", &self.registry)).collect()
    }
}

impl User {
    /// `docker trust` with these arguments, not yet run.
    pub fn command(&self, arguments: &[String]) -> Command {
        let program = if self.ours { self.home.path().join("docker-trust") } else { "docker".into() };
        let mut command = self.home.command(program);
        command.arg("trust").args(arguments).env("DOCKER_HOST", &self.engine_host);
        command
    }

    /// Runs `docker trust` with something to read.
    #[track_caller]
    pub fn trust(&self, arguments: &[String], input: &str) -> Ran {
        run_with_input(&mut self.command(arguments), input.as_bytes())
    }

    /// What was written, without what differs between any two users: home, port of the server, key IDs.
    pub fn plain(&self, text: &str) -> String {
        let text = text.replace(self.home.path().to_str().unwrap(), "HOME");
        let text = text.replace(&format!("localhost:{}", self.server.port), "SERVER");
        // Docker's library logs in the middle of what it prints.
        let lines: Vec<&str> = text.split('\n').filter(|line| !line.starts_with("time=\"")).collect();
        numbered(&lines.join("\n"))
    }

    /// Logs in to the registry as `eve`.
    pub fn log_in(&self, registry: &str) {
        let auths = serde_json::json!({"auths": {registry: {"auth": "ZXZlOlUqVQ=="}}});
        std::fs::write(self.home.path().join(".docker/config.json"), auths.to_string()).unwrap();
    }
}

/// Hexadecimal IDs of 7 digits and more by the order in which they appear, their beginnings being the same ID.
fn numbered(text: &str) -> String {
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let is_id = run.len() >= 7 && run.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        if is_id {
            let next = known.len() + 1;
            let number = *known.entry(run[..7].to_owned()).or_insert(next);
            out.push_str(&format!("<{number}:{}>", run.len()));
        } else if run.is_empty() {
            out.push(first);
        } else {
            out.push_str(&run);
        }
        rest = &rest[if run.is_empty() { first.len_utf8() } else { run.len() }..];
    }
    out
}
