//! Every step of every wizard as text; `UPDATE_SCREENSHOTS=1` writes the files anew.

use std::fmt::Write as _;
use std::path::Path;

use trustdeck::engine::RootKeyChoice;
use trustdeck::engine::wizard::{Begun, Facts, Holder, StepKind, StepState, Way, Wizard, steps};
use trustdeck::tuf::Role;
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::wizard_task::Learned;

use crate::screen::scene::{repositories, state_of};
use crate::screen::wizards::{
    answer, backed_up, begun, handed_over, keyed, open, public, published, retired, rotated, signer, staged,
};
use crate::screen::{draw, frame, press};

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 60)];

fn rotation() -> Facts {
    begun(Wizard::DelegationKey { signer: signer() })
}

fn by(way: Way) -> Facts {
    let mut facts = rotation();
    facts.choice.way = way;
    facts
}

/// The moments of a wizard, each with what is pressed there.
type Moments = Vec<(Facts, &'static str)>;

fn one_publish() -> Moments {
    let new = |facts| published(facts, &["jeff new laptop"]);
    let key = keyed(rotation());
    let ready = backed_up(key.clone());
    let sent = new(ready.clone());
    vec![
        (rotation(), ""),
        (key, ""),
        (ready.clone(), ""),
        (staged(ready), ""),
        (sent.clone(), ""),
        (sent.clone(), "b"),
        (handed_over(sent.clone()), ""),
        (retired(handed_over(sent)), ""),
    ]
}

fn two_publishes() -> Moments {
    let both = backed_up(keyed(by(Way::TwoPublishes)));
    let sent = published(both.clone(), &["jeff new laptop", "jeff old laptop"]);
    let mut removing = sent.clone();
    removing.choice.remove_old = true;
    vec![(both, ""), (sent, ""), (staged(removing), "")]
}

fn colleague() -> Moments {
    let chosen = keyed(by(Way::Colleague));
    let added = published(chosen.clone(), &["jeff old laptop", "jeff new laptop"]);
    let signed = published(chosen.clone(), &["jeff new laptop", "jeff old laptop"]);
    vec![(chosen, ""), (added, ""), (signed, "")]
}

fn take_over() -> Moments {
    let mut facts = begun(Wizard::TakeOver { signer: signer() });
    facts.choice.use_keys(&[public("jeff new laptop")]);
    let listed = published(facts, &["jeff old laptop", "jeff new laptop"]);
    let loaded = backed_up(keyed(listed.clone()));
    vec![(listed, ""), (loaded, "")]
}

fn base(wizard: Wizard) -> Moments {
    let first = begun(wizard);
    let mut moments = Vec::new();
    if first.choice.wizard.needs_key() {
        moments.extend([(first.clone(), ""), (keyed(first.clone()), "")]);
    }
    let ready = if first.choice.wizard.needs_key() { backed_up(keyed(first)) } else { first };
    let sent = rotated(ready.clone());
    moments.extend([(ready.clone(), ""), (staged(ready), ""), (sent.clone(), "b"), (sent, "")]);
    moments
}

fn set_up() -> Moments {
    let first = begun(Wizard::FirstSetup);
    let mut root = first.clone();
    root.choice.first.root_key = Some(RootKeyChoice::New);
    let mut signers = root.clone();
    let key = public("jeff new laptop");
    signers.at_hand.insert(key.canonical_id().clone());
    signers.choice.first.signers.insert(signer(), vec![key.clone()]);
    let mut tags = signers.clone();
    tags.backed_up.insert(key.canonical_id().clone());
    let mut ready = tags.clone();
    ready.choice.first.without_tags = true;
    let mut made = ready.clone();
    made.repositories[0].state = published(rotation(), &["jeff new laptop"]).repositories[0].state.clone();
    vec![(first, ""), (root, ""), (signers, ""), (tags, ""), (ready.clone(), ""), (staged(ready), ""), (made, "")]
}

fn wizards() -> Vec<(&'static str, Moments)> {
    vec![
        ("signer", one_publish()),
        ("two-publishes", two_publishes()),
        ("colleague", colleague()),
        ("take-over", take_over()),
        ("targets", base(Wizard::Targets)),
        ("snapshot-here", base(Wizard::Snapshot { holder: Holder::Here })),
        ("snapshot-server", base(Wizard::Snapshot { holder: Holder::Server })),
        ("timestamp", base(Wizard::Timestamp)),
        ("root", base(Wizard::Root)),
        ("renew-root", base(Wizard::RenewRoot)),
        ("renew-targets", base(Wizard::RenewTargets { role: Role::Targets })),
        ("set-up", set_up()),
    ]
}

pub fn check(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/screens/{name}.txt"));
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = stored.lines().zip(found.lines()).find(|(a, b)| a != b);
    assert!(stored == found, "{name} differs, first at {differing:#?}; UPDATE_SCREENSHOTS=1 writes it anew");
}

#[test]
fn every_step_of_every_wizard_looks_as_stored() {
    for (name, moments) in wizards() {
        for size in SIZES {
            let mut text = String::new();
            for (facts, keys) in &moments {
                let mut state = state_of(repositories(), size, Theme::default());
                open(&mut state, facts.clone());
                press(&mut state, keys);
                writeln!(text, "{}", frame::golden(&draw(&state))).unwrap();
            }
            check(&format!("wizard-{name}-{}x{}", size.0, size.1), &text);
        }
    }
}

#[test]
fn every_kind_of_step_is_among_the_stored_ones_as_the_next() {
    let all = wizards();
    let next = |facts: &Facts| steps(facts).into_iter().find(|step| step.state != StepState::Done).map(|s| s.kind);
    let shown: std::collections::BTreeSet<_> =
        all.iter().flat_map(|(_, moments)| moments.iter().filter_map(|(facts, _)| next(facts))).collect();
    use StepKind::*;
    for kind in [Key, RootKey, Signers, BackUp, Tags, Stage, Publish, Wait, Remove, BackUpMade, Retire] {
        assert!(shown.contains(&kind), "{kind:?} is not drawn: {shown:?}");
    }
}

#[test]
fn choosing_and_the_list_of_wizards_look_as_stored() {
    for size in SIZES {
        let mut text = String::new();
        let mut state = state_of(repositories(), size, Theme::default());
        press(&mut state, "j");
        answer(&mut state, Learned::Begun(vec![Begun::of(&keyed(rotation()))]));
        writeln!(text, "{}", frame::golden(&draw(&state))).unwrap();
        press(&mut state, "<esc>");
        let facts = Box::new(rotation());
        let chosen = facts.choice.repositories.clone();
        answer(&mut state, Learned::ToChoose(facts, chosen));
        writeln!(text, "{}", frame::golden(&draw(&state))).unwrap();
        check(&format!("wizard-choosing-{}x{}", size.0, size.1), &text);
    }
}

#[test]
fn no_step_loses_its_options_or_its_words_at_80_columns() {
    for (name, moments) in wizards() {
        for (facts, keys) in moments {
            let mut state = state_of(repositories(), (80, 24), Theme::default());
            open(&mut state, facts);
            press(&mut state, keys);
            let shown = frame::signs(&draw(&state));
            assert!(!shown.contains("w more"), "{name} does not fit:\n{shown}");
            assert!(shown.contains("tags at risk 0"), "{name}:\n{shown}");
        }
    }
}

#[test]
fn no_size_and_no_theme_draws_with_a_fault() {
    for (_, moments) in wizards() {
        for (facts, keys) in moments {
            for size in [(60, 16), (61, 24), (109, 23), (110, 24), (160, 30), (400, 100)] {
                let mut state = state_of(repositories(), size, Theme::default());
                open(&mut state, facts.clone());
                press(&mut state, keys);
                draw(&state);
            }
        }
    }
}
