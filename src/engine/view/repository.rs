//! From verified metadata to what screens show, and the public methods that bring it there.

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::findings::findings;
use super::part::Views;
use super::roles::{KeyNames, roles};
use super::tags::tags;
use super::{Finding, Health, RepositoryView, TagList};
use crate::engine::error::EngineError;
use crate::engine::reference::familiar_name;
use crate::engine::trust::judge::{judge, refused};
use crate::engine::trust::notice::Notice;
use crate::engine::trust::session::{Freshness, Session};
use crate::engine::trust::tree::nodes;
use crate::engine::wording::{clock_words, count, some};
use crate::tuf::verify::Leap;
use crate::tuf::{Gun, TrustedSet};

/// What was verified within this time is good enough to stage on: the plan is made anew before anything is sent.
const LATELY: SignedDuration = SignedDuration::from_mins(5);

impl Views {
    /// Shows what the cache holds, verified, without asking the network.
    ///
    /// # Errors
    /// `Absent` if there is nothing in the cache; else as `refresh`.
    pub async fn cached(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        let session = self.trust.held(gun).await?.ok_or_else(|| nothing_cached(gun))?;
        Ok(self.view_of_session(gun, &session))
    }

    /// Shows what this machine verified against the server within the last minutes, or at any time if `however_old`, without
    /// asking again. `None` if there is nothing whole of that kind.
    pub async fn verified_lately(&self, gun: &Gun, however_old: bool) -> Option<RepositoryView> {
        let session = self.trust.held(gun).await.ok().flatten()?;
        let age = self.context.now().duration_since(session.verified_at?);
        let is_recent = !age.is_negative() && age < LATELY;
        let is_whole = session.complete && session.set.is_some();
        ((is_recent || however_old) && is_whole).then(|| self.view_of_session(gun, &session))
    }

    /// Asks the server, verifies, commits the cache. Where the server cannot be asked ([`crate::engine::error::Kind::allows_cache`]),
    /// shows the cache with its age and the reason. A repository without trust data is a view with [`Health::New`].
    ///
    /// # Errors
    /// Whatever looks like an attack; whatever keeps the server from being asked, if there is nothing in the cache.
    pub async fn refresh(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        self.refresh_until(gun, &CancellationToken::new()).await
    }

    /// [`Views::refresh`], which `stop` ends early.
    ///
    /// # Errors
    /// As `refresh`; `Remote` with `Cancelled`.
    pub async fn refresh_until(&self, gun: &Gun, stop: &CancellationToken) -> Result<RepositoryView, EngineError> {
        let session = Box::pin(self.trust.look(gun, stop)).await?;
        Ok(self.view_of_session(gun, &session))
    }

    /// [`Views::refresh`] for somebody who relies on the tags: what is expired is an error, not a view that says so.
    ///
    /// # Errors
    /// As `refresh`; `Absent` without trust data, `Verify` if anything that all tags depend on is expired.
    pub async fn inspect(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        let session = Box::pin(self.trust.look(gun, &CancellationToken::new())).await?;
        let Some(set) = &session.set else {
            return Err(self.trust.nothing_there(gun));
        };
        judge(set, self.context.now()).map_err(|source| refused(gun, source, session.skew))?;
        // Tags and signers are what it is for: the user's own keys are not looked at, however many there are.
        Ok(self.with_session(self.view_with(gun, set, &KeyNames::of_listings(set)), &session))
    }

    /// Reads a repository as somebody would who never met it: nothing is trusted from then on, and nothing is kept.
    ///
    /// # Errors
    /// As `refresh`; `Absent`.
    pub async fn preview(&self, gun: &Gun) -> Result<RepositoryView, EngineError> {
        let set = self.trust.read_as_fresh_client(gun, Vec::new()).await?;
        set.map(|set| self.view_of(gun, &set)).ok_or_else(|| self.trust.nothing_there(gun))
    }

    /// Turns verified metadata into what screens show. Pure but for labels and keys at hand.
    pub(in crate::engine) fn view_of(&self, gun: &Gun, set: &TrustedSet) -> RepositoryView {
        self.view_with(gun, set, &KeyNames::new(&self.keyring, set))
    }

    fn view_with(&self, gun: &Gun, set: &TrustedSet, names: &KeyNames<'_>) -> RepositoryView {
        let now = self.context.now();
        let nodes = nodes(set, now);
        let roles = roles(set, &nodes, names, now);
        let super::tags::SignedTags { tags, ignored } = tags(&nodes);
        let findings = findings(&roles, &tags, &ignored, now);
        let mut view = self.empty_view(gun);
        view.freshness = Freshness::Fresh { at: now };
        view.health = Health::Ok;
        (view.roles, view.tags, view.ignored, view.findings) = (roles, tags.into_iter().collect(), ignored, findings);
        settle_health(&mut view);
        view
    }

    /// The same with what happened on the way.
    pub(in crate::engine) fn view_of_session(&self, gun: &Gun, session: &Session) -> RepositoryView {
        let view = session.set.as_ref().map(|set| self.view_of(gun, set));
        self.with_session(view.unwrap_or_else(|| self.empty_view(gun)), session)
    }

    fn with_session(&self, mut view: RepositoryView, session: &Session) -> RepositoryView {
        let gun = view.gun.clone();
        view.freshness = session.freshness.clone();
        view.lost = session.lost.is_some();
        view.lost_here = session.lost.as_ref().is_some_and(|lost| lost.copy.is_none());
        view.vanished.clone_from(&session.vanished);
        view.notices.clone_from(&session.notices);
        let pinning = &self.context.settings().pinning;
        let unpinned = session.set.as_ref().and_then(|set| set.check_pins(pinning).err());
        view.notices.extend(unpinned.map(|why| Notice::Unpinned(why.to_string())));
        view.foreign_changes = self.trust.repositories.cache.foreign_changes(&gun);
        view.findings.extend(about_session(session, &view.gone()));
        view.findings.extend(about_changes(view.foreign_changes));
        settle_health(&mut view);
        view
    }

    fn empty_view(&self, gun: &Gun) -> RepositoryView {
        RepositoryView {
            gun: gun.clone(),
            name: familiar_name(gun),
            server: self.servers.server_address(gun).map(|(url, _)| url).unwrap_or_default(),
            freshness: Freshness::Fresh { at: self.context.now() },
            health: Health::New,
            findings: Vec::new(),
            roles: Vec::new(),
            tags: TagList::default(),
            ignored: Vec::new(),
            vanished: Vec::new(),
            lost: false,
            lost_here: false,
            notices: Vec::new(),
            foreign_changes: 0,
        }
    }
}

/// The worst finding decides; what is old is never plainly good.
fn settle_health(view: &mut RepositoryView) {
    view.findings.sort_by_key(|finding| finding.level);
    let worst = view.findings.iter().map(|finding| finding.level).min().unwrap_or(Health::Ok).min(Health::Ok);
    let base = match (&view.freshness, view.roles.is_empty()) {
        (_, true) => Health::New,
        (Freshness::Cached { .. }, _) => Health::Cached,
        (Freshness::Fresh { .. }, _) => Health::Ok,
    };
    view.health = if worst < Health::Cached { worst } else { base };
}

fn about_session(session: &Session, gone: &[String]) -> Vec<Finding> {
    let fact = |level, headline: String, detail: String, role| Finding { level, headline, detail, role };
    let mut found = Vec::new();
    if let Some(lost) = &session.lost {
        let offer = match lost.copy {
            Some(_) => " This machine still has all of it, and can send it again.",
            None => "",
        };
        let detail = format!(
            "This machine has verified trust data of this repository before: the server has lost it, or this is another \
             server. Ask its owner.{offer} Deleting the local data forgets it here."
        );
        found.push(fact(Health::Fail, "the server has no trust data any more".to_owned(), detail, None));
    }
    for name in &session.missing {
        let detail = format!("The file of {} is not in the cache, so its signatures cannot be shown.", name.short());
        let headline = format!("{} is not in the cache", name.short());
        found.push(fact(Health::Warn, headline, detail, Some(name.clone().into())));
    }
    if !gone.is_empty() {
        let headline = format!("{} gone since the last refresh", count(gone.len(), "tag"));
        let detail = format!("{} could be seen then and are not listed any more, or not where pulls look.", some(gone));
        found.push(fact(Health::Ok, headline, detail, None));
    }
    for notice in &session.notices {
        let Notice::Leap(role, Leap { from, to }) = notice else { continue };
        let headline = format!("{} leapt from version {from} to {to}", role.short());
        let detail =
            "It is validly signed, but hardly anybody publishes so often: ask its signers whether that was them. \
                      With a stolen key somebody can use up the versions of a role."
                .to_owned();
        found.push(fact(Health::Warn, headline, detail, Some(role.clone())));
    }
    if let Some(clock) = clock_words(session.skew) {
        let detail = "Expiry is judged by this machine's clock: set it right.".to_owned();
        found.push(fact(Health::Warn, clock, detail, None));
    }
    found
}

fn about_changes(foreign: usize) -> Option<Finding> {
    (foreign > 0).then(|| Finding {
        level: Health::Ok,
        headline: format!("notary has staged {}", count(foreign, "change")),
        detail: "They lie in the shared trust directory: `docker trust inspect` deletes them, `notary publish` sends \
                 them. Adopt them, leave them or drop them."
            .to_owned(),
        role: None,
    })
}

fn nothing_cached(gun: &Gun) -> EngineError {
    EngineError::Absent { gun: gun.clone(), server: "the cache".to_owned() }
}

impl Views {
    /// The last view of this process, if any; recomputed when keys, labels or the lock changed. Instant.
    #[must_use]
    pub fn view(&self, gun: &Gun) -> Option<RepositoryView> {
        let session = self.trust.repositories.session(gun)?;
        Some(self.view_of_session(gun, &session))
    }
}
