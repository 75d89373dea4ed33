//! The terminal's life cycle: every way out restores it.

use std::io::{self, BufWriter, IsTerminal, Read, Write};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use super::theme::Palette;
use crate::tui::messages::input::{TALLEST, WIDEST};

/// Longest text for the clipboard, in bytes; terminals drop longer ones.
const CLIPBOARD: usize = 74_994;

/// Presses and the wheel, in a form without limits; movements would only be noise.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Where the screen is drawn.
type Output = Box<dyn Write + Send>;

/// The terminal in full-screen mode; restored when dropped.
pub(in crate::tui) struct FullScreen {
    terminal: Terminal<CrosstermBackend<BufWriter<Output>>>,
    mouse: bool,
}

/// As large as is drawn, in columns and rows.
fn size() -> io::Result<(u16, u16)> {
    let (width, height) = crossterm::terminal::size()?;
    Ok((width.min(WIDEST), height.min(TALLEST)))
}

/// Standard output, or standard error if that is no terminal.
fn output() -> Option<Output> {
    if io::stdout().is_terminal() {
        Some(Box::new(io::stdout()))
    } else if io::stderr().is_terminal() {
        Some(Box::new(io::stderr()))
    } else {
        None
    }
}

impl FullScreen {
    /// Enters full-screen mode.
    ///
    /// # Errors
    /// If standard input or output is no terminal.
    pub(in crate::tui) fn enter() -> io::Result<Self> {
        let missing =
            || io::Error::new(io::ErrorKind::Unsupported, "the screen needs a terminal on standard input and output");
        if !io::stdin().is_terminal() {
            return Err(missing());
        }
        let output = output().ok_or_else(missing)?;
        enable_raw_mode()?;
        let mut writer = BufWriter::new(output);
        if let Err(error) = take(&mut writer) {
            restore();
            return Err(error);
        }
        let (width, height) = size()?;
        // Fixed: by itself it would take as much memory as the terminal says it is large.
        let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
        let terminal = Terminal::with_options(CrosstermBackend::new(writer), TerminalOptions { viewport });
        let terminal = terminal.inspect_err(|_| restore())?;
        Ok(Self { terminal, mouse: false })
    }

    /// The size, in columns and rows.
    pub(in crate::tui) fn size(&self) -> io::Result<(u16, u16)> {
        size()
    }

    /// Draws a frame; only what differs is written. Terminals that can show it at once, whole.
    pub(in crate::tui) fn draw(&mut self, render: impl FnOnce(&mut ratatui::buffer::Buffer)) -> io::Result<()> {
        let (width, height) = size()?;
        if self.terminal.get_frame().area() != Rect::new(0, 0, width, height) {
            self.clear()?;
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| render(frame.buffer_mut()))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Forgets what was drawn, so that the next frame is written whole.
    ///
    /// The terminal's own `clear` asks where the cursor is, and whoever reads the keys would take the answer.
    pub(in crate::tui) fn clear(&mut self) -> io::Result<()> {
        let (width, height) = self.size()?;
        self.terminal.resize(Rect::new(0, 0, width, height))
    }

    /// Sends text to the terminal's clipboard.
    pub(in crate::tui) fn copy(&mut self, text: &str) -> io::Result<()> {
        if text.len() <= CLIPBOARD {
            execute!(self.terminal.backend_mut(), CopyToClipboard::to_clipboard_from(text))?;
        }
        Ok(())
    }

    /// Gives the terminal back, stops this process until it is continued, and takes the terminal again.
    pub(in crate::tui) fn suspend(&mut self) -> io::Result<()> {
        restore();
        // The whole process group, as the terminal itself would stop it.
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
        self.resume()
    }

    /// Lets the terminal tell of the mouse, or leaves it alone.
    pub(in crate::tui) fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        let backend = self.terminal.backend_mut();
        backend.write_all(if on { MOUSE_ON } else { MOUSE_OFF })?;
        io::Write::flush(backend)
    }

    /// Takes the terminal again.
    pub(in crate::tui) fn resume(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        take(self.terminal.backend_mut())?;
        self.set_mouse(self.mouse)?;
        self.clear()
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        restore();
    }
}

/// Takes the terminal. One without a second screen would show what was there before through the first frame.
fn take(output: &mut impl Write) -> io::Result<()> {
    execute!(output, EnterAlternateScreen, Clear(ClearType::All), EnableBracketedPaste, cursor::Hide)
}

/// Gives it back. What was drawn is cleared first: without a second screen, half a frame would stay above the prompt.
fn give_back(output: &mut impl Write) -> io::Result<()> {
    let (clear, top) = (Clear(ClearType::All), cursor::MoveTo(0, 0));
    execute!(output, EndSynchronizedUpdate, DisableBracketedPaste, clear, top, LeaveAlternateScreen, cursor::Show)
}

/// Leaves full-screen mode. Does what it can: the terminal may be gone.
pub(in crate::tui) fn restore() {
    if let Some(mut output) = output() {
        let _ = output.write_all(MOUSE_OFF);
        let _ = give_back(&mut output);
    }
    let _ = disable_raw_mode();
}

/// Restores the terminal before a panic is reported; the report holds a place in the source and no data.
pub(in crate::tui) fn restore_on_panic(stop: tokio_util::sync::CancellationToken) {
    std::panic::set_hook(Box::new(move |panic| {
        restore();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let mut error = io::stderr();
        let _ = writeln!(error, "trustdeck: stopped by a fault of its own at {place}; everything staged is safe");
        stop.cancel();
    }));
}

/// Asks the terminal for its background. `None` if it does not say within 100 ms.
///
/// The second question is one that every terminal answers, so that silence ends early.
pub(in crate::tui) fn background() -> Option<Palette> {
    let stdin = io::stdin();
    let before = tcgetattr(&stdin).ok()?;
    let mut timed = before.clone();
    timed.special_codes[SpecialCodeIndex::VMIN] = 0;
    timed.special_codes[SpecialCodeIndex::VTIME] = 1;
    tcsetattr(&stdin, OptionalActions::Now, &timed).ok()?;
    let answer = ask(stdin.lock());
    // Raw mode again waits for keys.
    tcsetattr(&stdin, OptionalActions::Now, &before).ok()?;
    luminance(&answer.ok()?)
}

fn ask(mut input: impl Read) -> io::Result<String> {
    let mut out = output().ok_or(io::ErrorKind::NotConnected)?;
    out.write_all(b"\x1b]11;?\x07\x1b[c")?;
    out.flush()?;
    let mut answer = Vec::new();
    let mut buffer = [0; 64];
    while answer.len() < 256 && !is_whole(&answer) {
        match input.read(&mut buffer)? {
            0 => break,
            n => answer.extend(buffer.iter().take(n)),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Whether the answer to the second question is there, `ESC [ ? … c`; a colour may end in `c` too.
fn is_whole(answer: &[u8]) -> bool {
    answer.ends_with(b"c") && answer.windows(3).any(|start| start == b"\x1b[?")
}

/// Reads `rgb:RRRR/GGGG/BBBB` and judges it.
fn luminance(answer: &str) -> Option<Palette> {
    let (_, rest) = answer.split_once("rgb:")?;
    let channel = |text: &str| {
        let digits: String = text.chars().take_while(char::is_ascii_hexdigit).take(2).collect();
        u32::from_str_radix(&digits, 16).ok()
    };
    let mut channels = rest.split('/').map(channel);
    let (r, g, b) = (channels.next()??, channels.next()??, channels.next()??);
    let light = r * 299 + g * 587 + b * 114 > 128 * 1000;
    Some(if light { Palette::Light } else { Palette::Dark })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_second_screen_the_first_is_cleared_at_both_ends_and_the_prompt_comes_first() {
        let cells = |n: u16| std::num::NonZero::<u16>::MIN.saturating_add(n - 1);
        let mut terminal = vt100::Parser::new(cells(4), cells(20), 0);
        terminal.process(b"old text");
        let feed = |terminal: &mut vt100::Parser, write: &dyn Fn(&mut Vec<u8>) -> io::Result<()>| {
            let mut bytes = Vec::new();
            assert!(write(&mut bytes).is_ok());
            // As a terminal that knows no second screen.
            let text = String::from_utf8_lossy(&bytes).replace("\u{1b}[?1049h", "").replace("\u{1b}[?1049l", "");
            terminal.process(text.as_bytes());
        };
        feed(&mut terminal, &|out| take(out));
        assert_eq!(terminal.screen().contents().trim(), "");
        terminal.process(b"\x1b[1;1Hframe\x1b[4;1Hhints\x1b[2;3H");
        feed(&mut terminal, &|out| give_back(out));
        terminal.process(b"prompt");
        assert_eq!(terminal.screen().contents().trim_end(), "prompt");
    }

    #[test]
    fn the_background_decides_the_palette() {
        assert_eq!(luminance("\u{1b}]11;rgb:ffff/ffff/eeee\u{7}\u{1b}[?62c"), Some(Palette::Light));
        assert_eq!(luminance("\u{1b}]11;rgb:15/18/1e\u{1b}\\"), Some(Palette::Dark));
        assert_eq!(luminance("\u{1b}[?62c"), None);
    }
}
