//! Docker's credential helpers: programs that hold logins.
//!
//! Invariant: a helper that hangs is ended together with everything it started, and its answer is never shown.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use crate::remote::Credential;
use crate::remote::RemoteError;
use crate::remote::auth::TOKEN_USER;

const DEADLINE: Duration = Duration::from_secs(30);
const ANSWER_LIMIT: u64 = 64 * 1024;

/// A helper, by the name that Docker's configuration uses.
pub(in crate::engine) struct Helper<'a> {
    program: String,
    surroundings: Surroundings<'a>,
    deadline: Duration,
}

/// What helpers run in.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Surroundings<'a> {
    pub(in crate::engine) environment: &'a [(OsString, OsString)],
    /// What starts them in a session of their own while the screen has the terminal: what asks there would be drawn over,
    /// and take the screen's keys. Program and first arguments.
    pub(in crate::engine) launcher: &'a [OsString],
}

/// What a helper prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperAnswer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

impl<'a> Helper<'a> {
    pub(in crate::engine) fn new(name: &str, surroundings: Surroundings<'a>) -> Self {
        Self { program: format!("docker-credential-{name}"), surroundings, deadline: DEADLINE }
    }

    /// The helper that Docker uses when none is configured, if it is installed.
    pub(in crate::engine) fn of_platform(surroundings: Surroundings<'a>) -> Option<Self> {
        let environment = surroundings.environment;
        let name = match std::env::consts::OS {
            "macos" => "osxkeychain",
            _ if find_program(OsStr::new("pass"), environment).is_some() => "pass",
            _ => "secretservice",
        };
        let helper = Self::new(name, surroundings);
        find_program(OsStr::new(&helper.program), environment).map(|_| helper)
    }

    /// Asks for a registry's login.
    ///
    /// # Errors
    /// [`RemoteError::Helper`] if the helper is missing, fails, hangs, or answers something else.
    pub(in crate::engine) async fn find(&self, registry: &str) -> Result<Option<Credential>, RemoteError> {
        let (success, output) = self.run(registry).await?;
        let text = String::from_utf8_lossy(&output);
        if !success {
            return match text.trim() {
                "credentials not found in native keychain" => Ok(None),
                "" => Err(self.failure(registry, "it failed without a word")),
                // It may be an answer with the secret in it, all the same.
                words if words.contains(['{', '"']) => {
                    Err(self.failure(registry, "it failed, with words that may hold the secret and are not shown"))
                }
                words => Err(self.failure(registry, &words.chars().take(300).collect::<String>())),
            };
        }
        let answer: HelperAnswer = serde_json::from_slice(&output)
            .map_err(|_| self.failure(registry, "its answer is not {\"Username\",\"Secret\"} in JSON"))?;
        let secret = Zeroizing::new(answer.secret);
        Ok(match answer.username.as_str() {
            "" if secret.is_empty() => None,
            TOKEN_USER => Some(Credential::token(secret)),
            _ => Some(Credential::Password { user: answer.username, password: secret }),
        })
    }

    /// Runs `get`; whether it succeeded, and what it printed (errors too come on standard output).
    async fn run(&self, registry: &str) -> Result<(bool, Zeroizing<Vec<u8>>), RemoteError> {
        let Surroundings { environment, launcher } = self.surroundings;
        let Some(path) = find_program(OsStr::new(&self.program), environment) else {
            return Err(self.failure(registry, "it is not installed (not in PATH), but Docker's config.json names it"));
        };
        let mut command = match launcher.split_first() {
            // It makes the session and the process group, which bears the same ID.
            Some((program, first)) => {
                let mut command = Command::new(program);
                command.args(first).arg(&path);
                command
            }
            None => {
                let mut command = Command::new(&path);
                command.process_group(0);
                command
            }
        };
        let speaks_to_terminal = |name: &OsString| !launcher.is_empty() && name == "GPG_TTY";
        let variables = environment.iter().filter(|(name, _)| !speaks_to_terminal(name));
        let mut child = command
            .arg("get")
            .env_clear()
            .envs(variables.map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.failure(registry, &format!("it does not start: {error}")))?;
        // Ends the helper on every way out of here but success, also when nobody waits for the answer any more.
        let group = Group::of(&child);
        match tokio::time::timeout(self.deadline, talk(&mut child, registry)).await {
            Ok(Ok(answer)) => {
                group.disarm();
                Ok(answer)
            }
            Ok(Err(error)) => Err(self.failure(registry, &error.to_string())),
            Err(_) => Err(self
                .failure(registry, &format!("it did not answer within {} s and was ended", self.deadline.as_secs()))),
        }
    }

    fn failure(&self, registry: &str, why: &str) -> RemoteError {
        let (helper, registry) = (self.program.clone(), registry.to_owned());
        RemoteError::Helper { helper, registry, why: why.to_owned() }
    }
}

/// The groups of all helpers that run.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Ends all helpers that run, for a program that ends without coming back to whoever waits for them.
pub fn end_helpers() {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(end_group);
}

fn end_group(group: Pid) {
    // An error means that nobody is left in the group.
    let _ = kill_process_group(group, Signal::KILL);
}

/// A child's process group, ended when this is dropped while armed.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).extend(group);
        Self(group)
    }

    fn forget(&self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|running| Some(*running) != self.0);
    }

    fn disarm(mut self) {
        self.forget();
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.forget();
        self.0.into_iter().for_each(end_group);
    }
}

async fn talk(child: &mut Child, registry: &str) -> std::io::Result<(bool, Zeroizing<Vec<u8>>)> {
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut input) = input {
            // A helper that does not read its input has said what it has to say.
            let _ = input.write_all(registry.as_bytes()).await;
        }
        Ok(())
    };
    let (status, output, errors, ()) = tokio::try_join!(child.wait(), read(output), read(errors), write)?;
    let success = status.success();
    Ok((success, if !success && output.is_empty() { errors } else { output }))
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    if let Some(mut stream) = stream {
        (&mut stream).take(ANSWER_LIMIT).read_to_end(&mut bytes).await?;
        if bytes.len() as u64 == ANSWER_LIMIT {
            return Err(std::io::Error::other("it prints more than 64 KiB"));
        }
    }
    Ok(bytes)
}

fn find_program(program: &OsStr, environment: &[(OsString, OsString)]) -> Option<PathBuf> {
    let (_, path) = environment.iter().find(|(name, _)| name == "PATH")?;
    let runs = |file: &Path| file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    // Never from where the program happens to run: whoever can write there would get the logins.
    let fixed = std::env::split_paths(path).filter(|directory| directory.is_absolute());
    fixed.map(|directory| directory.join(program)).find(|file| runs(file))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn surroundings(environment: &[(OsString, OsString)]) -> Surroundings<'_> {
        Surroundings { environment, launcher: &[] }
    }

    #[test]
    fn a_helper_is_never_taken_from_where_the_program_runs() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("docker-credential-near");
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let here = std::env::current_dir().unwrap();
        let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
        let relative = up.join(dir.path().strip_prefix("/").unwrap());
        assert!(relative.join("docker-credential-near").exists());
        let found =
            |search: &OsStr| find_program(OsStr::new("docker-credential-near"), &[("PATH".into(), search.into())]);
        assert_eq!(found(relative.as_os_str()), None);
        assert_eq!(found(OsStr::new(":.:")), None);
        assert_eq!(found(dir.path().as_os_str()), Some(path));
    }

    #[tokio::test]
    async fn what_a_helper_prints_when_it_fails_is_not_shown_where_it_may_be_the_secret() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("docker-credential-odd");
        let search = OsString::from(format!("{}:/usr/bin:/bin", dir.path().display()));
        let environment = [("PATH".into(), search)];
        for (line, shown) in [("{\"Username\":\"ci\",\"Secret\":\"hunter2\"}", false), ("no such vault", true)] {
            std::fs::write(&path, format!("#!/bin/sh\necho '{line}'\nexit 1\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            let error = Helper::new("odd", surroundings(&environment)).find("r.test").await.err().unwrap();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
            assert_eq!(error.to_string().contains(line), shown, "{error}");
        }
    }

    /// Whether a process still runs; one that has ended may wait for its parent to notice.
    fn runs(id: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_helper_that_hangs_is_ended_with_what_it_started() {
        let dir = tempfile::TempDir::new().unwrap();
        let (path, ids) = (dir.path().join("docker-credential-slow"), dir.path().join("ids"));
        std::fs::write(&path, "#!/bin/sh\nsleep 1000 &\necho $! $$ > \"$HOME/ids\"\nwait\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let search = OsString::from(format!("{}:/usr/bin:/bin", dir.path().display()));
        let environment = [("PATH".into(), search), ("HOME".into(), dir.path().into())];
        let helper = Helper { deadline: Duration::from_secs(1), ..Helper::new("slow", surroundings(&environment)) };
        let error = helper.find("r.test").await.err().unwrap();
        assert!(matches!(&error, RemoteError::Helper { why, .. } if why.contains("did not answer")), "{error}");
        let ids = std::fs::read_to_string(ids).unwrap();
        let started = Instant::now();
        while ids.split_whitespace().any(runs) {
            assert!(started.elapsed() < Duration::from_secs(10), "still running: {ids}");
            std::thread::yield_now();
        }
    }
}
