//! A PostgreSQL of the test's own, in a directory of its own, on a free port of loopback.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::notary_server::{Process, start_on_free_port};
use super::{find, peers, run, run_with_input, wait_until};

const USER: &str = "postgres";

/// A running cluster; it ends with the value. Whoever reaches its port is its administrator.
pub struct Postgres {
    process: Process,
    port: u16,
    programs: PathBuf,
    // Last, so that nothing writes there any more when it goes.
    _dir: TempDir,
}

impl Postgres {
    /// Starts an empty one; `None` if it is not installed.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            peers(&["postgres"])?;
            return None;
        };
        if is_root() {
            peers(&["setpriv"])?;
        }
        let dir = TempDir::new().unwrap();
        if is_root() {
            // It refuses to run as root; Debian's package brings the user.
            run(Command::new("chown").arg(USER).arg(dir.path())).ok();
        }
        let data = dir.path().join("data");
        let init = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username", USER, "--pgdata"];
        run(as_user(&programs.join("initdb"), dir.path()).args(init).arg(&data)).ok();
        let (process, port) = start_on_free_port(|port| {
            let log = dir.path().join("postgres.log");
            let output = File::create(&log).unwrap();
            let mut command = as_user(&programs.join("postgres"), dir.path());
            command.arg("-D").arg(&data).arg("-p").arg(port.to_string());
            // Nothing has to survive the test, so nothing waits for the disk.
            for setting in
                ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=300"]
            {
                command.arg("-c").arg(setting);
            }
            let child = command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output).spawn();
            // By SIGKILL its workers would outlive it for a moment.
            Process::of(child.unwrap(), log, rustix::process::Signal::QUIT)
        });
        let postgres = Self { process, port, programs, _dir: dir };
        wait_until("PostgreSQL to answer", || postgres.query(USER, "SELECT 1").code == 0);
        Some(postgres)
    }

    /// Makes a database with the tables of a `notary-server`; gives back its URL.
    #[track_caller]
    pub fn database(&self, name: &str) -> String {
        self.query(USER, &format!("CREATE DATABASE {name}")).ok();
        let asset = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/production/database.sql");
        let sql = std::fs::read_to_string(asset).unwrap();
        let (_, tables) = sql.split_once("\\connect notary_server notary_server\n").unwrap();
        self.query(name, tables.split_once("\\connect").unwrap().0).ok();
        format!("postgres://{USER}@127.0.0.1:{}/{name}?sslmode=disable", self.port)
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Runs SQL in a database.
    #[track_caller]
    pub fn query(&self, database: &str, sql: &str) -> super::Ran {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--set=ON_ERROR_STOP=1", "--host=127.0.0.1"]);
        command.arg(format!("--port={}", self.port)).args(["--username", USER, "--dbname", database]);
        run_with_input(&mut command, sql.as_bytes())
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// Where the programs are: Debian puts those of the server outside of the path, a folder for each version.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    found.sort();
    found.extend(find("postgres").and_then(|file| Some(file.parent()?.to_owned())));
    found.into_iter().rfind(|dir| ["initdb", "postgres", "psql"].iter().all(|program| dir.join(program).is_file()))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn as_user(program: &Path, dir: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(program);
    }
    command.current_dir(dir);
    command
}
