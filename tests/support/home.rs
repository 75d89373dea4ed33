//! A user's machine: a home directory with configuration, and the three clients run in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::{NotaryServer, Ran, run};

/// Passphrase of root keys.
pub const ROOT_PASSPHRASE: &str = "root passphrase";
/// Passphrase of all other keys.
pub const REPOSITORY_PASSPHRASE: &str = "repository passphrase";

/// A home directory, removed with the value.
pub struct Home {
    dir: TempDir,
    url: String,
    ca: PathBuf,
}

impl Home {
    /// An empty home that uses `server`; all three clients share `~/.docker/trust`.
    pub fn new(server: &NotaryServer) -> Self {
        Self::at(&server.url, &server.ca)
    }

    /// An empty home that uses the server at `url`, whose certificate is of the authority in the file `ca`.
    pub fn at(url: &str, ca: &Path) -> Self {
        let home = Self { dir: TempDir::new().unwrap(), url: url.to_owned(), ca: ca.to_owned() };
        home.also_at(url);
        std::fs::create_dir_all(home.path().join(".docker/trust/private")).unwrap();
        std::fs::create_dir_all(home.path().join(".notary")).unwrap();
        let notary = json!({"trust_dir": home.trust_dir(), "remote_server": {"url": url, "root_ca": ca.canonicalize().unwrap()}});
        std::fs::write(home.path().join(".notary/config.json"), notary.to_string()).unwrap();
        home
    }

    /// The same server has another address too.
    pub fn also_at(&self, url: &str) {
        let authority = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
        let tls = self.path().join(".docker/tls").join(authority);
        std::fs::create_dir_all(&tls).unwrap();
        std::fs::copy(&self.ca, tls.join("ca.crt")).unwrap();
    }

    /// The home directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The trust directory that all three clients share.
    pub fn trust_dir(&self) -> PathBuf {
        self.path().join(".docker/trust")
    }

    /// Where trustdeck keeps its state.
    pub fn state_dir(&self) -> PathBuf {
        self.path().join(".local/state/trustdeck")
    }

    /// Metadata of a repository in the cache.
    pub fn metadata(&self, gun: &str) -> PathBuf {
        self.trust_dir().join("tuf").join(gun).join("metadata")
    }

    /// A command in this home, with nothing of the caller's environment but `PATH`.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.path()).env("HOME", self.path());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("DOCKER_CONTENT_TRUST_SERVER", &self.url);
        for role in ["DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", "NOTARY_ROOT_PASSPHRASE"] {
            command.env(role, ROOT_PASSPHRASE);
        }
        let others = ["NOTARY_TARGETS_PASSPHRASE", "NOTARY_SNAPSHOT_PASSPHRASE", "NOTARY_DELEGATION_PASSPHRASE"];
        for role in others.iter().chain(&["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE"]) {
            command.env(role, REPOSITORY_PASSPHRASE);
        }
        command
    }

    /// `trustdeck` with these arguments, not yet run.
    pub fn trustdeck_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_trustdeck"));
        command.args(arguments);
        command
    }

    /// Runs `trustdeck` without a terminal.
    #[track_caller]
    pub fn trustdeck(&self, arguments: &[&str]) -> Ran {
        run(&mut self.trustdeck_command(arguments))
    }

    /// Runs a command of trustdeck that stages, and publishes at once.
    #[track_caller]
    pub fn publish(&self, arguments: &[&str]) -> Ran {
        self.trustdeck(&[arguments, &["--publish", "--yes"]].concat())
    }

    /// Runs `docker trust`.
    #[track_caller]
    pub fn docker(&self, arguments: &[&str]) -> Ran {
        run(self.command("docker").arg("trust").args(arguments))
    }

    /// Runs `notary`.
    #[track_caller]
    pub fn notary(&self, arguments: &[&str]) -> Ran {
        run(&mut self.notary_command(arguments))
    }

    /// `notary` with these arguments, not yet run.
    pub fn notary_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("notary");
        command.args(["-s", &self.url, "--tlscacert"]).arg(&self.ca).args(arguments);
        command
    }

    /// Makes a signer's key with `docker trust key generate`; returns the file of its public half.
    #[track_caller]
    pub fn generate_key(&self, name: &str) -> String {
        self.docker(&["key", "generate", name, "--dir", "."]).ok();
        self.path().join(format!("{name}.pub")).to_str().unwrap().to_owned()
    }

    /// Signs a tag into roles with `notary`, published at once.
    #[track_caller]
    pub fn notary_sign(&self, gun: &str, tag: &str, roles: &[&str]) {
        let digest = digest(tag);
        let mut arguments = vec!["addhash", gun, tag, "1234", "--sha256", &digest, "-p"];
        roles.iter().for_each(|role| arguments.extend(["-r", role]));
        self.notary(&arguments).ok();
    }
}

/// A command that knows no passphrase.
pub fn without_passphrases(mut command: Command) -> Command {
    for role in ["ROOT", "TARGETS", "SNAPSHOT", "DELEGATION"] {
        command.env_remove(format!("NOTARY_{role}_PASSPHRASE"));
    }
    for role in ["ROOT", "REPOSITORY"] {
        command.env_remove(format!("DOCKER_CONTENT_TRUST_{role}_PASSPHRASE"));
    }
    command
}

/// A digest for a tag: any 64 hexadecimal digits that differ from tag to tag.
pub fn digest(tag: &str) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(tag.as_bytes()))
}
