//! A screen that has been told the story, and what tests say to it.

use trustdeck::engine::{Kind, Problem};
use trustdeck::tuf::{PublicKey, SignerName};
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::Outcome;
use trustdeck::tui::messages::keywork::{KeyFound, KeyWork};
use trustdeck::tui::state::State;

use super::plans::{plan, stage, tell_stage};
use super::press;
use super::scene::{gun, repositories, state_of, tell};
use trustdeck::tui::messages::failure::{Ask, Failure};

pub fn browsing() -> State {
    let mut state = state_of(repositories(), (120, 40), Theme::default());
    select(&mut state, "admin/demo");
    state
}

pub fn staged() -> State {
    let mut state = browsing();
    tell_stage(&mut state, stage(), plan());
    state
}

pub fn select(state: &mut State, name: &str) {
    press(state, &format!("1/{name}<enter>"));
    press(state, "<esc>");
    assert_eq!(state.repository().unwrap().entry.gun, gun(name));
}

pub fn failure(kind: Kind, ask: Option<Ask>) -> Failure {
    let (message, hint) = ("what".to_owned(), "do".to_owned());
    let problem = Problem { kind, message, hint, repository: None, role: None, tags: None, admission: None };
    Failure { ask, ..Failure::plain(problem) }
}

pub fn signer(name: &str) -> SignerName {
    SignerName::parse(name).unwrap()
}

pub fn public_key() -> PublicKey {
    PublicKey::new(trustdeck::tuf::KeyType::Ed25519, vec![7; 32])
}

pub fn said(state: &State) -> String {
    let message = state.message.as_ref().expect("something is said");
    let remedy = message.remedy.as_ref().map(|remedy| format!(": {remedy}")).unwrap_or_default();
    format!("{} {}{remedy}", message.verb, message.object)
}

/// The only effect, which is work on keys.
pub fn key_work(effects: Vec<Effect>) -> KeyWork {
    match <[Effect; 1]>::try_from(effects) {
        Ok([Effect::Key(work)]) => work,
        other => panic!("one work on keys, not {other:?}"),
    }
}

/// Tells what came of it.
pub fn key_found(state: &mut State, work: &KeyWork, found: KeyFound) -> Vec<Effect> {
    tell(state, Effect::Key(work.clone()), Outcome::Key(found))
}
