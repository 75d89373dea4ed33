//! What registries answer, told by plain values.

use std::sync::Arc;

use trustdeck::engine::tags::ask::News;
use trustdeck::engine::tags::registered::{Registered, TagAnswer};
use trustdeck::remote::registry::{Digest, Resolved};
use trustdeck::tuf::Gun;
use trustdeck::tui::messages::effect::Effect;
use trustdeck::tui::messages::event::{Event, JobId, Outcome};
use trustdeck::tui::messages::registry::{RegistryFound, RegistryNews, RegistryWork};
use trustdeck::tui::route::update::update;
use trustdeck::tui::state::State;

use super::scene::{digits, length};

/// The image that is signed under a tag, if its digest begins with these digits.
pub fn resolved(name: &str, first: &str) -> Arc<Resolved> {
    let digest = Digest::try_from(format!("sha256:{}", digits(first))).unwrap();
    let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
    Arc::new(Resolved { digest, size: length(name), media_type })
}

/// What a registry answers about tags; each with the first digits of its digest.
pub fn answers(tags: &[(&str, &str)]) -> Vec<TagAnswer> {
    tags.iter().map(|(name, first)| (Arc::from(*name), Some(resolved(name, first)))).collect()
}

/// The tags that a registry lists.
pub fn listed(names: &[&str]) -> Registered {
    Registered::listed(names.iter().map(|name| Arc::from(*name)))
}

/// The job of the comparison among effects, as the loop would begin it.
pub fn begin_comparing(state: &mut State, effects: &[Effect]) -> JobId {
    let is_compare = |effect: &&Effect| matches!(effect, Effect::Registry(RegistryWork::Compare(..)));
    state.jobs.begin(effects.iter().find(is_compare).expect("a comparison was asked for"))
}

/// News of a comparison.
pub fn hear(state: &mut State, job: JobId, gun: &Gun, news: News) {
    update(state, Event::Registry(job, RegistryNews::Heard(gun.clone(), news)));
}

/// The end of a comparison.
pub fn end(state: &mut State, job: JobId, gun: &Gun) -> Vec<Effect> {
    let found = RegistryFound::Compared(gun.clone(), Ok(()));
    update(state, Event::Done(job, Outcome::Registry(found)))
}

/// A whole comparison, asked for by these effects.
pub fn compare(state: &mut State, effects: &[Effect], gun: &Gun, tags: &[(&str, &str)]) {
    let job = begin_comparing(state, effects);
    let names: Vec<&str> = tags.iter().map(|(name, _)| *name).collect();
    hear(state, job, gun, News::Listed { registered: listed(&names), wanted: tags.len() });
    hear(state, job, gun, News::Found(answers(tags)));
    end(state, job, gun);
}

/// What the registry of `admin/demo` holds in the pictures.
pub const DEMO: [(&str, &str); 12] = [
    ("2.9.7", "5be2f804"),
    ("2.9.8", "71d0e6ab"),
    ("3.0.2", "94ac07f1"),
    ("3.1.4", "0b7c1de2"),
    ("3.1.5", "ebf59c53"),
    ("3.1.6", "3d2e482b"),
    ("3.2.0-rc1", "a1b2c3d4"),
    ("3.2.0-rc2", "6617a0c9"),
    ("edge", "c81f2ab0"),
    ("latest", "77fe10aa"),
    ("nightly", "91bc0e55"),
    ("stable", "3d2e482b"),
];
