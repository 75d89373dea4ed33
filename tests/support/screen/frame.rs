//! A frame as text: the signs, then one letter for the style of each cell.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Signs of a frame, line by line, without blanks at the ends.
pub fn signs(buffer: &Buffer) -> String {
    lines(buffer, |cell| cell.symbol().to_owned())
}

/// The style of each cell as a letter; the legend is in the file.
pub fn styles(buffer: &Buffer) -> String {
    lines(buffer, |cell| letter(cell).repeat(cell.symbol().width().max(1)))
}

/// Both, as the golden files hold them.
pub fn golden(buffer: &Buffer) -> String {
    let legend = "styles: . plain  * bold  , dim  a accent  g ok  y warn  r fail  b staged  m sandbox  # selected  \
                  ^ reverse; capital: bold";
    format!("{}\n{legend}\n{}", signs(buffer), styles(buffer))
}

fn lines(buffer: &Buffer, show: impl Fn(&Cell) -> String) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in 0..area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < area.width {
            let cell = &buffer[(x, y)];
            line.push_str(&show(cell));
            x += u16::try_from(cell.symbol().width()).expect("a sign has a width").max(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn letter(cell: &Cell) -> String {
    let blank = cell.symbol() == " ";
    let modifier = cell.modifier;
    if cell.bg == Color::Blue || cell.bg == Color::White {
        return "#".to_owned();
    }
    if modifier.contains(Modifier::REVERSED) && cell.fg == Color::Reset {
        return "^".to_owned();
    }
    if blank && !modifier.contains(Modifier::REVERSED) {
        return " ".to_owned();
    }
    let base = match cell.fg {
        Color::Cyan | Color::LightCyan | Color::Indexed(31) => "a",
        Color::Green | Color::LightGreen => "g",
        Color::Yellow | Color::LightYellow | Color::Indexed(166) => "y",
        Color::Red | Color::LightRed => "r",
        Color::LightBlue | Color::Blue | Color::Indexed(33) => "b",
        Color::Magenta | Color::LightMagenta => "m",
        _ if modifier.contains(Modifier::BOLD) => "*",
        _ if modifier.contains(Modifier::DIM) => ",",
        _ => ".",
    };
    if modifier.contains(Modifier::BOLD) { base.to_uppercase() } else { base.to_owned() }
}
