//! The story of the pictures: twelve repositories on one server, told by plain values.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use trustdeck::engine::trust::tree::RoleState;
use trustdeck::engine::view::keys::{KeyPlace, KeyState};
use trustdeck::engine::view::{Finding, RoleKeyView, RoleView, SignedBy, TagState, TagView};
use trustdeck::engine::{Freshness, Health, KeyView, ListedRepository, RepositoryView};
use trustdeck::tuf::{Algorithm, CanonicalKeyId, DelegationName, Gun, KeyId, Role};
use trustdeck::tui::kit::theme::Theme;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, Outcome, Source};
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::{State, Work};

const DAY: i64 = 24 * 3600;

pub fn now() -> Timestamp {
    "2026-11-22T14:02:00Z".parse().unwrap()
}

pub fn in_days(days: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + days * DAY).unwrap()
}

pub fn gun(name: &str) -> Gun {
    Gun::parse(&format!("registry.example.com/{name}")).unwrap()
}

pub fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

/// A digest that begins with these digits.
pub fn digits(first: &str) -> String {
    let filler = "82b6b5e9aa01c3d4f7e2159b8d6c0a3f4e7b2d9c1a6f8e05b3d7c9e1f2a4b6c8";
    first.chars().chain(filler.chars()).take(64).collect()
}

pub fn id(first: &str) -> CanonicalKeyId {
    CanonicalKeyId::parse(&digits(first)).unwrap()
}

pub const BOARD: (&str, &str) = ("5e20c11f", "release-board");
pub const ADMIN: (&str, &str) = ("b0014f8e", "admin laptop");
pub const OLD: (&str, &str) = ("1091060d", "jeff old laptop");
pub const NEW: (&str, &str) = ("1c829aea", "jeff new laptop");
pub const BEN: (&str, &str) = ("afa40470", "ben");
pub const QA: (&str, &str) = ("77c3d210", "qa runner");

fn role_key((first, label): (&str, &str), signed: bool) -> RoleKeyView {
    RoleKeyView {
        id: KeyId::parse(&digits(first)).unwrap(),
        canonical: id(first),
        label: label.to_owned(),
        algorithm: Algorithm::EcdsaP256,
        certificate_expires: None,
        signed,
        at_hand: first != BEN.0 && first != QA.0,
    }
}

/// A role whose keys are listed signers first.
pub fn role_view(name: &str, version: u64, days: i64, keys: &[(&str, &str)], tags: usize) -> RoleView {
    let role = role(name);
    let server_held = matches!(role, Role::Snapshot | Role::Timestamp);
    let depth = match &role {
        Role::Root => 0,
        Role::Delegation(name) => name.depth() + 1,
        _ => 1,
    };
    let signer = keys.first().copied();
    let signed_by = |(first, label): (&str, &str)| SignedBy {
        key: KeyId::parse(&digits(first)).unwrap(),
        label: label.to_owned(),
        current: true,
    };
    RoleView {
        depth,
        state: RoleState::Good,
        version: Some(version),
        sha256: None,
        expires: Some(in_days(days)),
        keys: keys.iter().enumerate().map(|(i, k)| role_key(*k, i == 0)).collect(),
        threshold: 1,
        paths: vec![String::new()],
        last_signed_by: signer.map(signed_by).into_iter().collect(),
        server_held,
        tags,
        unknown_members: vec![],
        vouched: true,
        former: false,
        lost_tags: vec![],
        met: true,
        kept: false,
        accepted_elsewhere: false,
        role,
    }
}

/// Of the manifest that is signed under a tag.
pub fn length(name: &str) -> u64 {
    1362 + name.len() as u64 * 7
}

pub fn tag(name: &str, digest: &str, state: TagState, signers: &[&str]) -> TagView {
    let mut roles = vec![];
    if state != TagState::Held {
        roles.push(Role::releases());
    }
    roles.extend(signers.iter().map(|s| Role::from(DelegationName::parse(&format!("targets/{s}")).unwrap())));
    TagView {
        name: name.into(),
        digest: digits(digest),
        length: length(name),
        sha512: None,
        custom: None,
        state,
        roles,
        signers: signers.iter().map(|s| (*s).to_owned()).collect(),
        look_alike: false,
    }
}

fn demo_roles() -> Vec<RoleView> {
    vec![
        role_view("root", 3, 236, &[BOARD], 0),
        role_view("targets", 7, 1022, &[ADMIN], 0),
        role_view("targets/releases", 31, 1059, &[OLD, BEN], 9),
        role_view("targets/jeff", 12, 1059, &[OLD], 9),
        role_view("targets/ben", 4, 402, &[BEN], 5),
        role_view("targets/qa", 2, 986, &[QA], 1),
        role_view("snapshot", 88, 1059, &[], 0),
        role_view("timestamp", 901, 13, &[], 0),
    ]
}

fn demo_tags() -> Vec<TagView> {
    use TagState::{Held, Trusted};
    vec![
        tag("2.9.7", "5be2f804", Trusted, &["ben"]),
        tag("2.9.8", "71d0e6ab", Trusted, &["ben"]),
        tag("3.0.1", "c3309d5e", Trusted, &["jeff"]),
        tag("3.0.2", "94ac07f1", Trusted, &["jeff", "ben"]),
        tag("3.1.4", "0b7c1de2", Trusted, &["jeff"]),
        tag("3.1.5", "ebf59c53", Trusted, &["jeff"]),
        tag("3.1.6", "3d2e482b", Trusted, &["jeff", "ben"]),
        tag("3.2.0-rc1", "a1b2c3d4", Held, &["qa"]),
        tag("latest", "3d2e482b", Trusted, &["jeff"]),
        tag("stable", "3d2e482b", Trusted, &["jeff", "ben"]),
    ]
}

/// Ben signed the releases last.
fn api_roles() -> Vec<RoleView> {
    vec![
        role_view("root", 3, 236, &[BOARD], 0),
        role_view("targets", 12, 1010, &[ADMIN], 0),
        role_view("targets/releases", 57, 1071, &[BEN, NEW], 22),
        role_view("targets/jeff", 31, 1055, &[NEW], 17),
        role_view("targets/ben", 9, 1071, &[BEN], 5),
        role_view("snapshot", 70, 1071, &[], 0),
        role_view("timestamp", 212, 13, &[], 0),
    ]
}

/// Names of the tags of `admin/api`, in order.
pub fn api_tag_names() -> Vec<String> {
    (0..22).map(|n| format!("{}.{}", 1 + n / 8, n % 8)).collect()
}

fn api_tags() -> Vec<TagView> {
    let tags = api_tag_names().into_iter().enumerate();
    tags.map(|(n, name)| tag(&name, &nth_digest(n), TagState::Trusted, if n < 17 { &["jeff"] } else { &["ben"] }))
        .collect()
}

pub fn finding(level: Health, headline: &str, detail: &str, on: &str) -> Finding {
    Finding { level, headline: headline.to_owned(), detail: detail.to_owned(), role: Some(role(on)) }
}

/// Eight digits, different for each.
fn nth_digest(n: usize) -> String {
    format!("{:08x}", (n as u32 + 1).wrapping_mul(0x9e37_79b9))
}

/// A repository with `tags` tags, all of them trusted.
pub fn repository(name: &str, health: Health, tags: usize, signers: usize, first: (&str, i64)) -> RepositoryView {
    let mut roles = vec![role_view("root", 1, 3300, &[BOARD], 0), role_view("targets", 3, 1020, &[ADMIN], 0)];
    roles.push(role_view("targets/releases", 9, 1040, &[NEW], tags));
    let names = ["jeff", "ben", "qa", "eva", "kim"];
    roles.extend(names.iter().take(signers).map(|n| role_view(&format!("targets/{n}"), 4, 1050, &[NEW], tags)));
    roles.push(role_view("snapshot", 20, 1060, &[], 0));
    roles.push(role_view("timestamp", 40, 13, &[], 0));
    for view in &mut roles {
        if view.role.short() == first.0 {
            view.expires = Some(in_days(first.1));
            if first.1 <= 0 {
                view.state = RoleState::Expired;
            }
        }
    }
    let names = (0..tags).map(|n| format!("1.{n}"));
    let listed = names.enumerate().map(|(i, n)| tag(&n, &nth_digest(i), TagState::Trusted, &["jeff"])).collect();
    RepositoryView {
        gun: gun(name),
        name: format!("registry.example.com/{name}"),
        server: "https://registry.example.com".to_owned(),
        freshness: Freshness::Fresh { at: now() },
        health,
        findings: vec![],
        roles,
        tags: listed,
        ignored: vec![],
        vanished: vec![],
        lost: false,
        lost_here: false,
        notices: vec![],
        foreign_changes: 0,
    }
}

fn named(mut view: RepositoryView) -> RepositoryView {
    view.name = view.name.trim_start_matches("registry.example.com/").to_owned();
    view
}

/// The twelve repositories.
pub fn repositories() -> Vec<RepositoryView> {
    let ok = |name, tags, signers, first| named(repository(name, Health::Ok, tags, signers, first));
    let mut legacy = named(repository("admin/legacy", Health::Fail, 14, 1, ("targets", -41)));
    legacy.findings = vec![finding(
        Health::Fail,
        "targets expired 41 d ago",
        "Nobody can pull its 14 signed tags until targets is signed again. You hold the targets key.",
        "targets",
    )];
    let mut demo = named(repository("admin/demo", Health::Warn, 0, 3, ("root", 236)));
    (demo.roles, demo.tags) = (demo_roles(), demo_tags().into_iter().collect());
    let wall = "From 16 Jan (55 d) the old clients refuse to publish without the root key: jeff and ben could no longer \
                sign. Pulls keep working.";
    demo.findings = vec![finding(Health::Warn, "root expires in 236 d", wall, "root")];
    let mut api = named(repository("admin/api", Health::Warn, 22, 2, ("root", 236)));
    (api.roles, api.tags) = (api_roles(), api_tags().into_iter().collect());
    api.findings = vec![finding(Health::Warn, "root expires in 236 d", wall, "root")];
    let mut archive = named(repository("team/archive", Health::Cached, 8, 2, ("targets", 876)));
    archive.freshness = Freshness::Cached { at: Some(in_days(-9)), reason: None };
    let mut new = named(repository("team/new-service", Health::New, 0, 0, ("root", 900)));
    new.roles.clear();
    vec![
        legacy,
        demo,
        api,
        ok("admin/web", 7, 2, ("releases", 770)),
        ok("admin/worker", 31, 2, ("targets", 520)),
        ok("team/base", 12, 5, ("targets", 950)),
        ok("team/cli", 18, 2, ("targets", 810)),
        ok("team/docs", 4, 1, ("targets", 1020)),
        ok("team/proxy", 26, 3, ("ben", 700)),
        ok("team/runtime", 11, 2, ("targets", 990)),
        archive,
        new,
    ]
}

fn key((first, label): (&str, &str), role: &str, place: KeyPlace, state: KeyState, used: &[(&str, &str)]) -> KeyView {
    KeyView {
        id: id(first),
        certificate_ids: vec![],
        label: label.to_owned(),
        role: role.to_owned(),
        gun: None,
        algorithm: Some(Algorithm::EcdsaP256),
        place,
        state,
        warning: None,
        backup: None,
        used_in: used.iter().map(|(name, on)| (gun(name), self::role(on))).collect(),
    }
}

/// The keys of the story.
pub fn keys() -> Vec<KeyView> {
    let file =
        |first: &str| KeyPlace::File(PathBuf::from(format!("/home/admin/.docker/trust/private/{}.key", digits(first))));
    let both = [("admin/demo", "targets/releases"), ("admin/demo", "targets/jeff")];
    vec![
        key(BOARD, "root", file(BOARD.0), KeyState::Locked, &[("admin/demo", "root"), ("admin/api", "root")]),
        key(ADMIN, "targets", file(ADMIN.0), KeyState::Locked, &[("admin/demo", "targets")]),
        key(OLD, "jeff", file(OLD.0), KeyState::Open, &both),
        key(NEW, "jeff", file(NEW.0), KeyState::Locked, &[("admin/web", "targets/releases")]),
        key(QA, "qa", KeyPlace::Public, KeyState::Theirs, &[("admin/demo", "targets/qa")]),
        key(BEN, "ben", KeyPlace::Public, KeyState::Theirs, &[("admin/api", "targets/ben")]),
        key(("d41d8cd9", "snapshot"), "snapshot", KeyPlace::Away, KeyState::Theirs, &[]),
    ]
}

pub fn entry(view: &RepositoryView) -> ListedRepository {
    ListedRepository {
        gun: view.gun.clone(),
        name: view.name.clone(),
        server: Ok(view.server.clone()),
        added: true,
        hidden: false,
        only_staged: false,
    }
}

/// A state that knows these repositories and keys, as the engine would have told it.
pub fn state_of(views: Vec<RepositoryView>, size: (u16, u16), theme: Theme) -> State {
    let mut state = State::new(theme, size, now());
    state.here.trust_dir = "~/.docker/trust".to_owned();
    let entries = views.iter().map(entry).collect();
    tell(&mut state, Effect::ListEntries, Outcome::Entries(Ok(entries)));
    for view in views {
        let found = Outcome::Viewed(view.gun.clone(), Source::Server, Ok(Arc::new(view.clone())));
        tell(&mut state, Effect::Refresh(view.gun.clone()), found);
    }
    tell(&mut state, Effect::ListKeys, Outcome::Keys(Ok(keys())));
    assert!(state.known.repositories.iter().all(|r| r.work() == Work::Idle));
    state
}

/// The outcome of an effect, as the runner would send it.
pub fn tell(state: &mut State, effect: Effect, outcome: Outcome) -> Vec<Effect> {
    let job = state.jobs.begin(&effect);
    let mut effects = update(state, Event::Done(job, outcome));
    let now = state.now;
    effects.extend(update(state, Event::Tick(now)));
    effects
}
