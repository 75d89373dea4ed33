//! Draws a screen as SVG: a window frame, line drawing as paths (so that borders close), text word by word on the grid.
//!
//! Invariant: the same buffer gives the same bytes, so that pictures can be kept and compared.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

const CELL: u16 = 9;
const LINE: u16 = 20;
const LEFT: u16 = 14;
const TOP: u16 = 34;

/// The colours that a terminal's theme would decide.
#[derive(Clone, Copy)]
pub struct Palette {
    page: &'static str,
    edge: &'static str,
    bar: &'static str,
    lights: &'static str,
    title: &'static str,
    text: &'static str,
    dim: &'static str,
    red: &'static str,
    green: &'static str,
    yellow: &'static str,
    blue: &'static str,
    magenta: &'static str,
    cyan: &'static str,
    light_blue: &'static str,
    light_cyan: &'static str,
    white: &'static str,
}

/// Light text on a dark page.
pub const DARK: Palette = Palette {
    page: "#15181e",
    edge: "#2a2f38",
    bar: "#0d0f13",
    lights: "#3f454d",
    title: "#7d8694",
    text: "#c8ced8",
    dim: "#848991",
    red: "#e5737b",
    green: "#8cc084",
    yellow: "#e0b065",
    blue: "#2f5d92",
    magenta: "#bf95dc",
    cyan: "#67bfc4",
    light_blue: "#7db0f2",
    light_cyan: "#8fd6d9",
    white: "#f4f6f9",
};

/// Dark text on a light page.
pub const LIGHT: Palette = Palette {
    page: "#fbfaf7",
    edge: "#d3cfc6",
    bar: "#eceae4",
    lights: "#b7b4ad",
    title: "#77736a",
    text: "#2c313a",
    dim: "#6a6d73",
    red: "#b4232c",
    green: "#2c7a36",
    yellow: "#8d5a00",
    blue: "#2c61a3",
    magenta: "#7a3f9a",
    cyan: "#108695",
    light_blue: "#2c61a3",
    light_cyan: "#108695",
    white: "#ffffff",
};

impl Palette {
    fn colour(&self, colour: Color, default: &'static str) -> &'static str {
        match colour {
            Color::Black => self.page,
            Color::Red | Color::LightRed => self.red,
            Color::Green | Color::LightGreen => self.green,
            Color::Yellow | Color::LightYellow => self.yellow,
            Color::Blue => self.blue,
            Color::Magenta | Color::LightMagenta => self.magenta,
            Color::Cyan => self.cyan,
            Color::LightBlue => self.light_blue,
            Color::LightCyan => self.light_cyan,
            Color::White => self.white,
            Color::Gray => self.text,
            _ => default,
        }
    }

    /// Foreground and background of a cell, as a terminal with this theme would show them.
    fn cell(&self, cell: &Cell) -> (&'static str, &'static str) {
        let dim = cell.modifier.contains(Modifier::DIM);
        let plain = if dim { self.dim } else { self.text };
        let (fg, bg) = (self.colour(cell.fg, plain), self.colour(cell.bg, self.page));
        if cell.modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) }
    }
}

/// The screen as an SVG picture with `title` in its window bar.
#[must_use]
pub fn svg(buffer: &Buffer, title: &str, palette: &Palette) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) = (columns * CELL + 2 * LEFT, rows * LINE + TOP + 12);
    let mut out = window(width, height, title, palette);
    let mut layers = Layers::default();
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            x += layers.add(buffer, x, y, palette);
        }
    }
    layers.draw(&mut out);
    out.push_str("</g>\n</svg>\n");
    out
}

/// Screens one after the other, each for so many seconds, again and again. Where nothing moves the `poster` is seen.
#[must_use]
pub fn animated(frames: &[(Buffer, u32)], poster: usize, title: &str, palette: &Palette) -> String {
    let area = frames.iter().map(|(buffer, _)| buffer.area).next().unwrap();
    let (width, height) = (area.width * CELL + 2 * LEFT, area.height * LINE + TOP + 12);
    let total: u32 = frames.iter().map(|(_, seconds)| seconds).sum();
    let mut out = window(width, height, title, palette);
    let mut style = String::from(".f{opacity:0}.p{opacity:1}\n");
    let mut begun = 0;
    for (i, (_, seconds)) in frames.iter().enumerate() {
        let per_cent = |at: u32| f64::from(at) * 100.0 / f64::from(total);
        let (from, to) = (per_cent(begun), per_cent(begun + seconds));
        let _ = writeln!(
            style,
            "@keyframes k{i}{{0%{{opacity:{}}}{from:.2}%{{opacity:1}}{to:.2}%{{opacity:{}}}100%{{opacity:{}}}}}\
             .k{i}{{animation:k{i} {total}s step-end infinite}}",
            u8::from(begun == 0),
            u8::from(to >= 100.0),
            u8::from(to >= 100.0)
        );
        begun += seconds;
    }
    let _ = writeln!(out, "<style>{style}@media (prefers-reduced-motion:reduce){{.f{{animation:none}}}}</style>");
    for (i, (buffer, _)) in frames.iter().enumerate() {
        let shown = if i == poster { " p" } else { "" };
        let _ = writeln!(out, "<g class=\"f{shown} k{i}\">");
        let mut layers = Layers::default();
        for y in 0..area.height {
            let mut x = 0;
            while x < area.width {
                x += layers.add(buffer, x, y, palette);
            }
        }
        layers.draw(&mut out);
        out.push_str("</g>\n");
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn window(width: u16, height: u16, title: &str, palette: &Palette) -> String {
    let Palette { page, edge, bar, lights, title: ink, .. } = palette;
    let (right, bottom, middle) = (width - 1, height - 1, f32::from(width) / 2.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"15\" \
         style=\"font-variant-ligatures:none\" role=\"img\"><title>{title}</title>\n",
        title = escape(title),
    );
    let _ = writeln!(
        out,
        "<rect x=\".5\" y=\".5\" width=\"{right}\" height=\"{bottom}\" rx=\"9\" fill=\"{page}\" stroke=\"{edge}\"/>"
    );
    let bend = width - 10;
    let _ = writeln!(out, "<path d=\"M.5 28V9.5a9 9 0 0 1 9-9H{bend}.5a9 9 0 0 1 9 9V28z\" fill=\"{bar}\"/>");
    for x in [18, 35, 52] {
        let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"14.5\" r=\"4.6\" fill=\"{lights}\"/>");
    }
    let _ = writeln!(
        out,
        "<text x=\"{middle}\" y=\"19\" text-anchor=\"middle\" font-size=\"12\" fill=\"{ink}\">{}</text>",
        escape(title)
    );
    let _ = writeln!(out, "<g transform=\"translate({LEFT},{TOP})\">");
    out
}

/// Drawing in the order in which it must lie: backgrounds, lines, blocks, words.
#[derive(Default)]
struct Layers {
    backgrounds: Vec<(u16, u16, u16, &'static str)>,
    lines: BTreeMap<(&'static str, &'static str, &'static str), String>,
    blocks: Vec<(u16, u16, &'static str)>,
    words: BTreeMap<(&'static str, bool), String>,
}

impl Layers {
    /// Adds the run of cells at `x` that belongs together; returns its width in columns.
    fn add(&mut self, buffer: &Buffer, x: u16, y: u16, palette: &Palette) -> u16 {
        let cell = &buffer[(x, y)];
        let (fg, bg) = palette.cell(cell);
        let bold = cell.modifier.contains(Modifier::BOLD);
        let wide = cell_width(cell);
        if bg != palette.page {
            self.background(x, y, wide, bg);
        }
        if let Some(strokes) = strokes(cell.symbol()) {
            self.line(x, y, strokes, fg, bold);
            return wide;
        }
        match cell.symbol() {
            " " => wide,
            "▌" => {
                self.blocks.push((x, y, fg));
                wide
            }
            _ => self.word(buffer, (x, y), (fg, bg, bold), palette),
        }
    }

    fn background(&mut self, x: u16, y: u16, wide: u16, fill: &'static str) {
        match self.backgrounds.last_mut() {
            Some((start, row, length, colour)) if *row == y && *start + *length == x && *colour == fill => {
                *length += wide
            }
            _ => self.backgrounds.push((x, y, wide, fill)),
        }
    }

    fn line(&mut self, x: u16, y: u16, strokes: Strokes, fg: &'static str, bold: bool) {
        let heavy = matches!(strokes, Strokes::Heavy(_));
        let thickness = if heavy {
            "2.4"
        } else if bold {
            "1.7"
        } else {
            "1.1"
        };
        let dashes = if matches!(strokes, Strokes::Dashed) { "3 3" } else { "" };
        let path = self.lines.entry((fg, thickness, dashes)).or_default();
        let (left, top) = (x * CELL, y * LINE);
        let (right, bottom) = (left + CELL, top + LINE);
        let (mid, centre) = (f32::from(left) + 4.5, top + 10);
        match strokes {
            Strokes::Dashed
            | Strokes::Light([false, true, false, true])
            | Strokes::Heavy([false, true, false, true]) => {
                // One path for a whole line keeps the file small and dashes even.
                let so_far = format!(" {centre}H{left}");
                if path.ends_with(&so_far) {
                    path.truncate(path.len() - left.to_string().len());
                    let _ = write!(path, "{right}");
                } else {
                    let _ = write!(path, "M{left} {centre}H{right}");
                }
            }
            Strokes::Bend(corner) => {
                let (from, via) = match corner {
                    '╭' => (format!("M{mid} {bottom}V{}", centre + 5), format!("Q{mid} {centre} {right} {centre}")),
                    '╮' => (format!("M{mid} {bottom}V{}", centre + 5), format!("Q{mid} {centre} {left} {centre}")),
                    '╰' => (format!("M{mid} {top}V{}", centre - 5), format!("Q{mid} {centre} {right} {centre}")),
                    _ => (format!("M{mid} {top}V{}", centre - 5), format!("Q{mid} {centre} {left} {centre}")),
                };
                let _ = write!(path, "{from}{via}");
            }
            Strokes::Light(arms) | Strokes::Heavy(arms) => {
                let ends = [
                    (mid, f32::from(top)),
                    (f32::from(right), f32::from(centre)),
                    (mid, f32::from(bottom)),
                    (f32::from(left), f32::from(centre)),
                ];
                for (arm, (x, y)) in arms.iter().zip(ends) {
                    if *arm {
                        let _ = write!(path, "M{mid} {centre}L{x} {y}");
                    }
                }
            }
        }
    }

    fn word(
        &mut self,
        buffer: &Buffer,
        (x, y): (u16, u16),
        look: (&'static str, &'static str, bool),
        palette: &Palette,
    ) -> u16 {
        let mut end = x;
        let mut text = String::new();
        while end < buffer.area.width {
            let cell = &buffer[(end, y)];
            let (fg, bg) = palette.cell(cell);
            let same = (fg, bg, cell.modifier.contains(Modifier::BOLD)) == look;
            if !same || matches!(cell.symbol(), " " | "▌") || strokes(cell.symbol()).is_some() {
                break;
            }
            text.push_str(cell.symbol());
            end += cell_width(cell);
            if look.1 != palette.page && end > x + 1 {
                self.background(end - 1, y, 1, look.1);
            }
        }
        let words = self.words.entry((look.0, look.2)).or_default();
        let (left, base, length) = (x * CELL, y * LINE + 15, (end - x) * CELL);
        let _ = writeln!(words, "<text x=\"{left}\" y=\"{base}\" textLength=\"{length}\">{}</text>", escape(&text));
        end - x
    }

    fn draw(&self, out: &mut String) {
        for (x, y, length, fill) in &self.backgrounds {
            let (left, top, width) = (x * CELL, y * LINE, length * CELL);
            let _ = writeln!(
                out,
                "<path fill=\"{fill}\" shape-rendering=\"crispEdges\" d=\"M{left} {top}h{width}v{LINE}h-{width}z\"/>"
            );
        }
        for ((stroke, width, dashes), path) in &self.lines {
            let dash = if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") };
            let _ =
                writeln!(out, "<path fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\"{dash} d=\"{path}\"/>");
        }
        for (x, y, fill) in &self.blocks {
            let (left, top) = (x * CELL, y * LINE);
            let _ = writeln!(
                out,
                "<path fill=\"{fill}\" shape-rendering=\"crispEdges\" d=\"M{left} {top}h4.5v{LINE}h-4.5z\"/>"
            );
        }
        for ((fill, bold), words) in &self.words {
            let weight = if *bold { " font-weight=\"700\"" } else { "" };
            let _ = write!(out, "<g fill=\"{fill}\"{weight}>\n{words}</g>\n");
        }
    }
}

/// How a line-drawing character is drawn: arms up, right, down, left.
enum Strokes {
    Light([bool; 4]),
    Heavy([bool; 4]),
    Bend(char),
    Dashed,
}

fn strokes(symbol: &str) -> Option<Strokes> {
    use Strokes::{Bend, Dashed, Heavy, Light};
    Some(match symbol {
        "╭" | "╮" | "╰" | "╯" => Bend(symbol.chars().next()?),
        "╌" | "┄" => Dashed,
        "─" => Light([false, true, false, true]),
        "│" => Light([true, false, true, false]),
        "├" => Light([true, true, true, false]),
        "┤" => Light([true, false, true, true]),
        "┬" => Light([false, true, true, true]),
        "┴" => Light([true, true, false, true]),
        "└" => Light([true, true, false, false]),
        "┌" => Light([false, true, true, false]),
        "┐" => Light([false, false, true, true]),
        "┘" => Light([true, false, false, true]),
        "━" => Heavy([false, true, false, true]),
        "╸" => Heavy([false, false, false, true]),
        "╺" => Heavy([false, true, false, false]),
        "┃" => Heavy([true, false, true, false]),
        "┏" => Heavy([false, true, true, false]),
        "┓" => Heavy([false, false, true, true]),
        "┗" => Heavy([true, true, false, false]),
        "┛" => Heavy([true, false, false, true]),
        _ => return None,
    })
}

fn cell_width(cell: &Cell) -> u16 {
    u16::try_from(cell.symbol().width()).unwrap_or(1).max(1)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
