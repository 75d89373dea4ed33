//! Every screen at every size, in colour, without and in ASCII: the same words, nothing foreign.

use crate::screen;
use crate::screens::{browsing, publishing};

use ratatui::buffer::Buffer;
use ratatui::style::Color;
use screen::plans::{mended, tell_plan};
use screen::scene::{gun, state_of};
use screen::wizards::{backed_up, begun, keyed, open, signer, staged};
use screen::{draw, frame, press};
use trustdeck::engine::wizard::{Facts, Wizard};
use trustdeck::tui::kit::theme::{Palette, Theme};
use trustdeck::tui::state::State;

const SIZES: [(u16, u16); 5] = [(60, 16), (80, 24), (120, 40), (160, 45), (200, 60)];

type Size = (u16, u16);

/// What is pressed on the main screen to see a screen.
const PRESSED: [(&str, &str); 32] = [
    ("main", ""),
    ("roles", "2jj"),
    ("tags", "3jj"),
    ("keys", "4jj"),
    ("staged", "5j"),
    ("zoomed", "+"),
    ("marked", "<space><space>"),
    ("filtered", "/adm<enter>"),
    ("filtering", "/adm"),
    ("help", "?"),
    ("palette", ":sign"),
    ("messages", "@"),
    ("needs", "N"),
    ("expiry", "E"),
    ("concepts", "K"),
    ("concept-keys", "4K<enter>"),
    ("concept-pull", "Kjjj<enter>"),
    ("details", "2jjI"),
    ("add-repository", "a"),
    ("add-signer", "s"),
    ("make-role", "2m"),
    ("edit-role", "2jjje"),
    ("sign-tag", "3a"),
    ("tag", "3<enter>"),
    ("delete", "D"),
    ("delete-on-server", "Dj<enter>"),
    ("new-key", "4n"),
    ("load-keys", "4a"),
    ("back-up", "4b"),
    ("key", "4<enter>"),
    ("wizards", "W"),
    ("review", "p"),
];

fn rotation() -> Facts {
    begun(Wizard::DelegationKey { signer: signer() })
}

fn in_wizard(size: Size, theme: Theme, facts: Facts) -> State {
    let mut state = browsing(size, theme);
    state.message = None;
    open(&mut state, facts);
    state
}

/// Every screen with its name.
fn screens(size: Size, theme: Theme) -> Vec<(String, State)> {
    let mut all: Vec<(String, State)> = Vec::new();
    for (name, keys) in PRESSED {
        let mut state = browsing(size, theme);
        press(&mut state, keys);
        all.push((name.to_owned(), state));
    }
    let review = |keys: &str| {
        let mut state = browsing(size, theme);
        press(&mut state, &format!("pG<up>{keys}"));
        state
    };
    all.push(("review-dropped".to_owned(), review("<space>")));
    all.push(("review-commands".to_owned(), review("e")));
    all.push(("confirm".to_owned(), review("<space>Pap")));
    let mut asked = review("");
    tell_plan(&mut asked, mended());
    press(&mut asked, "Pcorrect horse");
    all.push(("passphrase".to_owned(), asked));
    all.push(("publish".to_owned(), publishing(size, theme)));
    let mut compared = browsing(size, theme);
    press(&mut compared, "/admin/demo<enter><esc>");
    let effects = press(&mut compared, "3");
    screen::registry::compare(&mut compared, &effects, &gun("admin/demo"), &screen::registry::DEMO);
    all.push(("both-worlds".to_owned(), compared));
    let demo = |then: fn(&mut State)| {
        let mut state = browsing(size, theme);
        press(&mut state, "/admin/demo<enter><esc>");
        then(&mut state);
        state
    };
    all.push(("drift".to_owned(), demo(crate::tags::signing::drifted)));
    all.push(("verify".to_owned(), demo(crate::tags::verifying::failed)));
    for (name, facts) in [
        ("wizard-who", rotation()),
        ("wizard-backup", keyed(rotation())),
        ("wizard-stage", backed_up(keyed(rotation()))),
        ("wizard-review", staged(backed_up(keyed(rotation())))),
    ] {
        all.push((name.to_owned(), in_wizard(size, theme, facts)));
    }
    all.push(("empty".to_owned(), state_of(vec![], size, theme)));
    let mut named = state_of(vec![], size, theme);
    press(&mut named, "n");
    all.push(("name-server".to_owned(), named));
    all
}

/// Every row, as wide as the screen.
fn rows(buffer: &Buffer) -> Vec<String> {
    frame::signs(buffer).lines().map(str::to_owned).collect()
}

/// The rows without lines: a thick one says without colour where the focus is.
fn words(buffer: &Buffer) -> Vec<String> {
    let is_line = |c: char| "─━│┃╭╮╰╯┏┓┗┛".contains(c);
    rows(buffer).iter().map(|row| row.replace(is_line, " ")).collect()
}

#[test]
fn without_colour_the_words_are_the_same_and_no_cell_has_one() {
    let mono = Theme { palette: Palette::Mono, ..Theme::default() };
    for size in SIZES {
        for ((name, colour), (_, plain)) in screens(size, Theme::default()).iter().zip(&screens(size, mono)) {
            let plain = draw(plain);
            assert_eq!(words(&draw(colour)), words(&plain), "{name} at {size:?}");
            let coloured = plain.content.iter().find(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
            assert!(coloured.is_none(), "{coloured:?} in {name} at {size:?}");
        }
    }
}

#[test]
fn in_ascii_every_cell_is_ascii() {
    for size in SIZES {
        for (name, state) in screens(size, Theme::ascii(Palette::Dark)) {
            let buffer = draw(&state);
            let foreign = buffer.content.iter().find(|cell| !cell.symbol().is_ascii());
            assert!(foreign.is_none(), "{foreign:?} in {name} at {size:?}:\n{}", frame::signs(&buffer));
        }
    }
}

#[test]
fn hints_end_in_the_help_and_only_what_undo_takes_back_is_cut() {
    for size in SIZES {
        for (name, state) in screens(size, Theme::default()) {
            let last = rows(&draw(&state)).pop().unwrap_or_default();
            // While a filter is typed all other keys are text.
            if name == "filtering" {
                assert_eq!(last.trim(), "enter keep  esc clear");
                continue;
            }
            assert!(
                last.trim_end().ends_with("? help") && (!last.contains('…') || last.contains(" undo ")),
                "{name} at {size:?}: {last}"
            );
        }
    }
}
