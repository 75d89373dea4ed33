//! The pictures of the README's walk-through; `UPDATE_SCREENSHOTS=1` draws them anew.

use std::path::Path;

use trustdeck::engine::wizard::Wizard;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::wizard_task::Learned;
use trustdeck::tui::state::State;

use crate::screen::scene::{repositories, state_of};
use crate::screen::wizards::{answer, backed_up, begun, handed_over, keyed, open, published, settle, signer};
use crate::screen::{draw, press};
use crate::svg;

fn check(name: &str, state: &State) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("screenshots/{name}.svg"));
    let found = svg::svg(&draw(state), "trustdeck rotate", &svg::DARK);
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    assert!(std::fs::read_to_string(&path).unwrap_or_default() == found, "{name}; UPDATE_SCREENSHOTS=1 draws it anew");
}

fn at(size: (u16, u16)) -> State {
    state_of(repositories(), size, Theme::default())
}

#[test]
fn the_walk_through_of_a_rotation_looks_as_stored() {
    let rotation = begun(Wizard::DelegationKey { signer: signer() });

    let mut state = at((80, 24));
    let chosen = rotation.choice.repositories.clone();
    answer(&mut state, Learned::ToChoose(Box::new(rotation.clone()), chosen));
    settle(&mut state);
    check("rotate-1-who-80x24", &state);

    let mut state = at((80, 24));
    open(&mut state, rotation.clone());
    state.message = None;
    press(&mut state, "<enter>correct horse<down>correct ho");
    check("rotate-2-key-80x24", &state);

    let key = keyed(rotation);
    let mut state = at((80, 24));
    open(&mut state, key.clone());
    check("rotate-3-backup-80x24", &state);

    let ready = backed_up(key);
    let mut state = at((120, 40));
    open(&mut state, ready.clone());
    check("rotate-4-stage-120x40", &state);

    let sent = published(ready, &["jeff new laptop"]);
    let mut state = at((80, 24));
    open(&mut state, sent.clone());
    check("rotate-5-tell-80x24", &state);

    let mut state = at((80, 24));
    open(&mut state, handed_over(sent));
    check("rotate-6-retire-80x24", &state);
}
