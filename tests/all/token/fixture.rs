//! A token in a directory of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::support::{Home, Ran, find_library, peers, run};

pub const GUN: &str = "registry.example.test/team/app";
pub const PIN: &str = "123456";
const SO_PIN: &str = "87654321";

const SOFTHSM: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];

/// A SoftHSM token; pulled out and plugged in by moving its directory.
pub struct Token {
    dir: TempDir,
    module: PathBuf,
}

impl Token {
    /// A token that is called `board`.
    pub fn new() -> Option<Self> {
        let module = find_library(&SOFTHSM, "softhsm2")?;
        peers(&["softhsm2-util"])?;
        let token = Self { dir: TempDir::new().unwrap(), module };
        fs::create_dir_all(token.tokens()).unwrap();
        fs::create_dir_all(token.shim()).unwrap();
        let conf = format!("directories.tokendir = {}\nobjectstore.backend = file\n", token.tokens().display());
        fs::write(token.conf(), conf).unwrap();
        token.add("board");
        Some(token)
    }

    /// The same in the wrapper, which behaves as `being` says.
    pub fn wrapped(being: &[&str]) -> Option<Self> {
        let mut token = Self::new()?;
        peers(&["cc"])?;
        let wrapper = token.dir.path().join("shim.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/token/shim.c");
        run(Command::new("cc")
            .args(["-std=gnu11", "-w", "-shared", "-fPIC", "-o"])
            .arg(&wrapper)
            .arg(source)
            .arg("-ldl"))
        .ok();
        token.module = wrapper;
        being.iter().for_each(|what| token.be(what));
        Some(token)
    }

    /// Sets up another token.
    pub fn add(&self, label: &str) {
        let arguments = ["--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", PIN];
        run(Command::new("softhsm2-util").args(arguments).env("SOFTHSM2_CONF", self.conf())).ok();
    }

    fn tokens(&self) -> PathBuf {
        self.dir.path().join("tokens")
    }

    fn conf(&self) -> PathBuf {
        self.dir.path().join("softhsm2.conf")
    }

    fn shim(&self) -> PathBuf {
        self.dir.path().join("shim")
    }

    pub fn module(&self) -> &Path {
        &self.module
    }

    /// Lets the wrapper behave so.
    pub fn be(&self, what: &str) {
        fs::write(self.shim().join(what), b"").unwrap();
    }

    /// Ends that.
    pub fn be_no_more(&self, what: &str) {
        fs::remove_file(self.shim().join(what)).unwrap();
    }

    /// What the wrapper wrote down.
    pub fn wrote(&self, what: &str) -> Vec<String> {
        let text = fs::read_to_string(self.shim().join(what)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub fn pull_out(&self) {
        fs::rename(self.tokens(), self.dir.path().join("drawer")).unwrap();
        fs::create_dir(self.tokens()).unwrap();
    }

    pub fn plug_in(&self) {
        fs::remove_dir(self.tokens()).unwrap();
        fs::rename(self.dir.path().join("drawer"), self.tokens()).unwrap();
    }

    /// Lets a command see the token.
    pub fn at<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let real = find_library(&SOFTHSM, "softhsm2").unwrap();
        command.env("SOFTHSM2_CONF", self.conf()).env("TRUSTDECK_PKCS11_MODULE", &self.module);
        command.env("TOKEN_SHIM", self.shim()).env("TOKEN_SHIM_AROUND", real)
    }

    /// Runs trustdeck, which has the PIN in a variable.
    #[track_caller]
    pub fn trustdeck(&self, home: &Home, arguments: &[&str]) -> Ran {
        run(self.at(&mut home.trustdeck_command(arguments)).env("TRUSTDECK_TOKEN_PIN", PIN))
    }

    /// Runs trustdeck, which has no PIN.
    #[track_caller]
    pub fn without_pin(&self, home: &Home, arguments: &[&str]) -> Ran {
        run(self.at(&mut home.trustdeck_command(arguments)))
    }

    /// Makes a key on the token; returns its ID.
    #[track_caller]
    pub fn generate(&self, home: &Home, name: &str) -> String {
        let made = self.trustdeck(home, &["key", "generate", name, "--token", "--json"]).ok().json();
        made["id"].as_str().unwrap().to_owned()
    }

    /// How many keys are on the first token.
    #[track_caller]
    pub fn count(&self, home: &Home) -> usize {
        let tokens = self.without_pin(home, &["key", "token", "list", "--json"]).ok().json();
        tokens[0]["keys"].as_array().unwrap().len()
    }

    /// The row of a key.
    #[track_caller]
    pub fn listed(&self, home: &Home, id: &str) -> Option<Value> {
        let rows = self.without_pin(home, &["key", "list", "--json"]).ok().json();
        rows.as_array().unwrap().iter().find(|row| row["id"] == id).cloned()
    }
}
