//! A program in a pseudo-terminal, with a screen that a test can read.

use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const ESCAPE: char = '\u{1b}';

/// Where an escape stands that begins no longer sequence, as that of an arrow.
fn bare_escape(keys: &str) -> Option<usize> {
    let mut escapes = keys.match_indices(ESCAPE).map(|(at, _)| at);
    escapes.find(|at| !keys[at + 1..].starts_with(['[', 'O']))
}

struct Screen {
    parser: vt100::Parser,
    /// Everything that was written, for output that does not stay on the screen.
    raw: Vec<u8>,
    ended: bool,
}

/// How long is waited for a program.
const PATIENCE: Duration = Duration::from_secs(30);
/// What begins and ends a frame, but for its last letter.
const FRAME: &[u8] = b"\x1b[?2026";

impl Screen {
    /// Whether no frame is half drawn. The end of an output may be the beginning of a frame's mark.
    fn is_whole(&self) -> bool {
        let mut last = self.raw.windows(FRAME.len()).enumerate().rev();
        let mark = last.find(|(_, bytes)| *bytes == FRAME).map(|(at, _)| at + FRAME.len());
        self.ended || mark.is_none_or(|at| self.raw.get(at) == Some(&b'l'))
    }
}

/// A running program; it is ended with the value.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts `command` on a terminal of this size. Its environment is what was set on it.
    pub fn start(command: &Command, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(Self::builder(command)).unwrap();
        drop(pair.slave);
        let parser = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
        let screen = Arc::new((Mutex::new(Screen { parser, raw: Vec::new(), ended: false }), Condvar::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let mut screen = shown.0.lock().unwrap();
                screen.parser.process(&buffer[..count]);
                screen.raw.extend_from_slice(&buffer[..count]);
                shown.1.notify_all();
            }
            shown.0.lock().unwrap().ended = true;
            shown.1.notify_all();
        });
        let writer = pair.master.take_writer().unwrap();
        Self { child, writer, screen, master: pair.master }
    }

    /// The same command for a pseudo-terminal.
    pub fn builder(command: &Command) -> CommandBuilder {
        let mut builder = CommandBuilder::new(command.get_program());
        builder.env_clear();
        builder.args(command.get_args());
        command.get_envs().filter_map(|(k, v)| Some((k, v?))).for_each(|(k, v)| builder.env(k, v));
        builder.env("TERM", "xterm-256color");
        command.get_current_dir().into_iter().for_each(|dir| builder.cwd(dir));
        builder
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// What the screen shows now.
    pub fn text(&self) -> String {
        self.until(Screen::is_whole).parser.screen().contents()
    }

    /// Waits for a state of the screen, not for ever.
    fn until(&self, test: impl Fn(&Screen) -> bool) -> MutexGuard<'_, Screen> {
        let screen = self.screen.0.lock().unwrap();
        self.screen.1.wait_timeout_while(screen, PATIENCE, |screen| !screen.ended && !test(screen)).unwrap().0
    }

    /// Everything that was written so far, control sequences and all.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.screen.0.lock().unwrap().raw).into_owned()
    }

    /// Waits until the screen satisfies `test`.
    #[track_caller]
    pub fn wait(&self, what: &str, test: impl Fn(&str) -> bool) {
        let satisfies = |screen: &Screen| screen.is_whole() && test(&screen.parser.screen().contents());
        let screen = self.until(satisfies);
        let (met, shown) = (satisfies(&screen), screen.parser.screen().contents());
        drop(screen);
        assert!(met, "waited for {what}; the screen shows:\n{shown}");
    }

    /// Waits until the screen shows `text`.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait(&format!("{text:?}"), |shown| shown.contains(text));
    }

    /// Types. An escape goes alone: with the next byte behind it the program would read both as one key.
    #[track_caller]
    pub fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while !rest.is_empty() {
            let (now, then) = rest.split_at(bare_escape(rest).map_or(rest.len(), |at| at + 1));
            self.writer.write_all(now.as_bytes()).unwrap();
            self.writer.flush().unwrap();
            if now.ends_with(ESCAPE) {
                self.wait_read();
            }
            rest = then;
        }
    }

    /// Waits until the program has read all that was typed.
    #[track_caller]
    fn wait_read(&self) {
        let terminal = std::fs::File::open(self.master.tty_name().unwrap()).unwrap();
        let has_ended = || self.screen.0.lock().unwrap().ended;
        super::wait_until("keys to be read", || {
            has_ended() || rustix::io::ioctl_fionread(&terminal).map_or(true, |waiting| waiting == 0)
        });
    }

    /// SIGKILL, and what it needs to end.
    pub fn kill(&mut self) {
        let id = rustix::process::Pid::from_raw(self.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
        self.wait_end();
    }

    /// Goes on with the wizard that is left; waits until it shows `then`.
    #[track_caller]
    pub fn reopen_wizard(&mut self, wizard: &str, then: &str) {
        self.keys("W");
        self.wait_for("go on: ");
        assert!(self.text().contains(wizard), "{}", self.text());
        self.keys("\r");
        self.wait_for(then);
        self.wait("the servers", |shown| !shown.contains("asking the servers"));
    }

    /// From a wizard's step before it through the review to the end of the publish, and back to the step `then`; all keys
    /// have this passphrase.
    #[track_caller]
    pub fn publish_in_wizard(&mut self, passphrase: &str, then: &str) {
        self.keys("\r");
        self.wait_for("ready");
        self.keys("P");
        loop {
            let asks = "assphrase  key";
            // The log tells of what was read back before the run has ended; the way back is offered afterwards.
            let has_ended = |s: &str| s.contains("read back") && s.contains("enter back");
            self.wait("a passphrase or the end", |s| s.contains(asks) || has_ended(s));
            let shown = self.text();
            if has_ended(&shown) {
                break;
            }
            let again = shown.contains("again");
            let number: String = shown[shown.find(asks).unwrap()..].chars().take(22).collect();
            self.keys(&format!("{passphrase}\r"));
            self.wait("the next question", |s| !s.contains(&number) || (!again && s.contains("again")));
        }
        let told = "Hand over to machines";
        self.keys("\r");
        self.wait("the next step", |s| s.contains(then) || s.contains(told));
        if self.text().contains(told) {
            // What other machines need is shown on the way, once.
            self.keys("\r");
            self.wait_for(then);
        }
    }

    /// Whether the terminal echoes what is typed.
    pub fn echoes(&self) -> bool {
        let terminal = std::fs::File::open(self.master.tty_name().unwrap()).unwrap();
        let modes = rustix::termios::tcgetattr(&terminal).unwrap();
        modes.local_modes.contains(rustix::termios::LocalModes::ECHO)
    }

    /// Waits for the end of the program. Returns its exit code.
    #[track_caller]
    pub fn wait_end(&mut self) -> u32 {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it wrote last may still be on its way to the screen.
                let screen = self.screen.0.lock().unwrap();
                let left = deadline.saturating_duration_since(Instant::now());
                drop(self.screen.1.wait_timeout_while(screen, left, |screen| !screen.ended).unwrap());
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "waited for the end; the screen shows:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
