//! Performs effects. Nothing else in the program spawns work for the screen.

mod aside;
mod failure;
pub(super) mod files;
mod keys;
mod planning;
mod registry;
mod retrace;
mod token;
mod wizard;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::kit::format::count;
use super::messages::effect::Effect;
use super::messages::event::{Event, JobId, Outcome, Source};
use super::messages::keywork::{KeyFound, KeyWork};
use super::messages::told::Told;
use crate::engine::keyring::sources::PassphraseSources;
use crate::engine::publish::job::Approval;
use crate::engine::reference::parse_bare;
use crate::engine::{Engine, EngineError, Login, Passphrase, Stage, waiting};
use crate::tuf::{CanonicalKeyId, Gun};
use keys::Worker;
use retrace::StageWay;

/// Why work on keys gave nothing at all.
const PANICKED: &str = "work on keys ended by a fault of its own";
/// Repositories that are read at the same time.
const AT_ONCE: usize = 32;

/// Owns every task.
pub(super) struct Runner {
    engine: Engine,
    events: mpsc::Sender<Event>,
    tasks: JoinSet<()>,
    publishes: JoinSet<()>,
    slots: Arc<Semaphore>,
    stop: CancellationToken,
    stop_publish: CancellationToken,
    stop_keys: CancellationToken,
    /// What stops each comparison with a registry.
    comparing: HashMap<Gun, CancellationToken>,
    stop_verifying: CancellationToken,
    sources: Arc<PassphraseSources>,
}

impl Runner {
    /// A runner that sends outcomes to `events`.
    #[must_use]
    pub(super) fn new(engine: Engine, sources: Arc<PassphraseSources>, events: mpsc::Sender<Event>) -> Self {
        let (mut remarks, told) = (engine.servers().remarks(), events.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let remark = match remarks.recv().await {
                    Ok(remark) => remark,
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return,
                };
                if told.send(Event::Remark(remark)).await.is_err() {
                    return;
                }
            }
        });
        Self {
            engine,
            events,
            tasks,
            publishes: JoinSet::new(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            stop: CancellationToken::new(),
            stop_publish: CancellationToken::new(),
            stop_keys: CancellationToken::new(),
            comparing: HashMap::new(),
            stop_verifying: CancellationToken::new(),
            sources,
        }
    }

    /// Starts `effect` as a task; its result comes back as [`Event::Done`].
    pub(super) fn start(&mut self, job: JobId, effect: Effect) {
        while self.tasks.try_join_next().is_some() {}
        match effect {
            // Order matters: it must be known before the publish that follows.
            Effect::ChoosePassphrase(role, passphrase) => self.engine.keyring().choose_passphrase(&role, passphrase),
            Effect::StopPublish => self.stop_publish.cancel(),
            Effect::Cancel => {
                self.stop.cancel();
                self.stop = CancellationToken::new();
            }
            Effect::Key(work) => self.work_on_keys(job, work),
            Effect::StopKeyWork => self.stop_keys.cancel(),
            Effect::Registry(work) => self.at_registry(job, work),
            Effect::Publish(approval) => self.publish(job, approval),
            // Not stopped half-way: what was written must be told.
            Effect::Wizard(task) => {
                if task.is_at_token() {
                    self.stop_keys.cancel();
                    self.stop_keys = CancellationToken::new();
                }
                let work = self.work();
                self.tasks.spawn(async move {
                    let outcome = work.wizard(job, *task).await;
                    work.send(job, Some(outcome)).await;
                });
            }
            effect => {
                let work = self.work();
                self.tasks.spawn(async move {
                    let stop = work.stop.clone();
                    let outcome = tokio::select! {
                        outcome = work.perform(job, effect) => outcome,
                        () = stop.cancelled() => None,
                    };
                    work.send(job, outcome).await;
                });
            }
        }
    }

    fn work(&self) -> Performer {
        Performer {
            engine: self.engine.clone(),
            events: self.events.clone(),
            slots: Arc::clone(&self.slots),
            sources: Arc::clone(&self.sources),
            stop: self.stop.clone(),
            stop_keys: self.stop_keys.clone(),
        }
    }

    /// One at a time: what runs is stopped.
    fn work_on_keys(&mut self, job: JobId, work: KeyWork) {
        self.stop_keys.cancel();
        self.stop_keys = CancellationToken::new();
        let (engine, events, stop) = (self.engine.clone(), self.events.clone(), self.stop_keys.clone());
        let sources = Arc::clone(&self.sources);
        self.tasks.spawn(async move {
            let told = events.clone();
            let doing = waiting(move || {
                let (engine, sources, events, stop) = (&engine, &*sources, &told, &stop);
                Worker { engine, sources, events, stop, job }.perform(work)
            });
            let found = doing.await.unwrap_or_else(|| KeyFound::Said(Err(failure::broken(PANICKED))));
            // Fails only once the loop has ended, when nobody is left to tell.
            let _ = events.send(Event::Done(job, Outcome::Key(found))).await;
        });
    }

    fn publish(&mut self, job: JobId, approval: Approval) {
        self.stop_publish = CancellationToken::new();
        let (engine, events, stop) = (self.engine.clone(), self.events.clone(), self.stop_publish.clone());
        self.publishes.spawn(async move {
            let (news, mut received) = mpsc::channel(64);
            let forward = events.clone();
            let forwarding = async move {
                while let Some(progress) = received.recv().await {
                    if forward.send(Event::News(progress)).await.is_err() {
                        break;
                    }
                }
            };
            let (result, ()) = tokio::join!(engine.publisher().publish(approval, news, stop), forwarding);
            let outcome = Outcome::Published(result.map_err(failure::of));
            // Fails only once the loop has ended, when nobody is left to tell.
            let _ = events.send(Event::Done(job, outcome)).await;
        });
    }

    /// Begins no further repository and waits until the running ones are finished.
    pub(super) async fn finish_publishes(&mut self) {
        self.stop_publish.cancel();
        while self.publishes.join_next().await.is_some() {}
    }

    /// Whether a publish runs.
    pub(super) fn is_publishing(&mut self) -> bool {
        while self.publishes.try_join_next().is_some() {}
        !self.publishes.is_empty()
    }
}

/// What a task needs.
struct Performer {
    engine: Engine,
    events: mpsc::Sender<Event>,
    slots: Arc<Semaphore>,
    sources: Arc<PassphraseSources>,
    stop: CancellationToken,
    stop_keys: CancellationToken,
}

impl Performer {
    async fn send(&self, job: JobId, outcome: Option<Outcome>) {
        if let Some(outcome) = outcome {
            // Fails only once the loop has ended, when nobody is left to tell.
            let _ = self.events.send(Event::Done(job, outcome)).await;
        }
    }

    async fn perform(&self, job: JobId, effect: Effect) -> Option<Outcome> {
        let engine = &self.engine;
        Some(match effect {
            Effect::ListEntries => Outcome::Entries(self.blocking(Engine::listed).await),
            Effect::ListKeys => Outcome::Keys(self.blocking(|e| e.views().loaded_keys()).await),
            Effect::Open(gun) => return self.open(job, gun).await,
            Effect::Refresh(gun) => return Some(self.refresh(gun).await),
            Effect::LookForTokens => {
                Outcome::Tokens(self.blocking(|e| Ok(e.keyring().plugged_in())).await.ok().flatten())
            }
            Effect::ReadStage => Outcome::Staged { said: None, result: self.blocking(|e| e.stage().staged()).await },
            Effect::Resolve => Outcome::Resolved(engine.publisher().resolve_interrupted().await.unwrap_or_default()),
            Effect::Stage { changes, said } => {
                let asked = changes.clone();
                let result = self.blocking(move |e| e.stage().stage(changes.clone())).await;
                let is_staged = |stage: &Stage| asked.iter().any(|(gun, change)| stage.holds(gun, change));
                let told = match &result {
                    Ok(stage) if !is_staged(stage) => Told::new("taken back", format!("what was staged, by {said}")),
                    _ => Told::new("staged", said),
                };
                Outcome::Staged { said: Some(told), result }
            }
            Effect::Drop { entries, said } => {
                self.staging(Some(Told::new("dropped", said)), move |e| e.stage().drop_changes(&entries)).await
            }
            Effect::SetStageAside => match self.blocking(|e| e.stage().set_unreadable_aside()).await {
                Ok(path) => {
                    let said = path.map(|path| Told::new("moved aside", path.display().to_string()));
                    self.staging(said, |e| e.stage().staged()).await
                }
                Err(failure) => Outcome::Staged { said: None, result: Err(failure) },
            },
            Effect::Undo => self.retrace(StageWay::Undo).await,
            Effect::UndoOnly(entries) => self.retrace(StageWay::UndoOnly(entries)).await,
            Effect::Redo => self.retrace(StageWay::Redo).await,
            Effect::RedoOnly(own) => self.retrace(StageWay::RedoOnly(own)).await,
            Effect::MoveChanges(gun) => match self.engine.stage().move_changes(&gun, None, &self.stop).await {
                Ok(moved) => {
                    let said = format!("{} to {}", count(moved.changes.len(), "change", "changes"), moved.to);
                    Outcome::Staged { said: Some(Told::new("moved", said)), result: Ok(moved.stage) }
                }
                Err(error) => Outcome::Staged { said: None, result: Err(failure::of(error)) },
            },
            Effect::AdoptForeign(gun) => {
                let asked = gun.clone();
                Outcome::ForeignAdopted(gun, self.blocking(move |e| e.stage().adopt_foreign(&asked)).await)
            }
            Effect::Plan => Outcome::Planned(self.plan(job).await),
            Effect::Unlock(id, passphrase) => {
                let key = id.clone();
                Outcome::Unlocked(id, self.waiting(move |e| e.keyring().unlock(&key, &passphrase)).await)
            }
            Effect::UnlockAlso(ids, passphrase) => Outcome::AlsoUnlocked(self.unlock_also(ids, passphrase).await),
            Effect::LockIdle => Outcome::Locks(self.blocking(|e| Ok(e.keyring().lock_idle())).await.ok().flatten()),
            Effect::CheckKeyFiles => {
                Outcome::KeyProblems(self.blocking(|e| Ok(e.keyring().key_problems())).await.unwrap_or_default())
            }
            Effect::ReadForeign(gun) => {
                let asked = gun.clone();
                Outcome::Foreign(gun, self.blocking(move |e| e.stage().foreign_changes(&asked)).await)
            }
            Effect::DropForeign(gun) => {
                let asked = gun.clone();
                Outcome::ForeignDropped(gun, self.blocking(move |e| e.stage().drop_foreign(&asked)).await)
            }
            Effect::ReadKeyFiles(paths) => {
                let (now, typed) = (engine.now(), engine.settings().typed_paths.clone());
                let read = tokio::task::spawn_blocking(move || files::public_keys(&paths, &typed, now)).await;
                Outcome::KeyFiles(read.unwrap_or_else(|e| Err(e.to_string())))
            }
            Effect::Complete(text) => {
                let typed = engine.settings().typed_paths.clone();
                let found = tokio::task::spawn_blocking(move || files::complete(&text, &typed)).await;
                Outcome::Completed(found.unwrap_or_default())
            }
            other => return self.act(other).await,
        })
    }

    /// Small acts on one repository.
    async fn act(&self, effect: Effect) -> Option<Outcome> {
        let engine = &self.engine;
        Some(match effect {
            Effect::AddRepository(name) => {
                // A name that Docker would not take can still be a collection of notary.
                let parsed = parse_bare(&name, false).or_else(|first| parse_bare(&name, true).map_err(|_| first));
                match parsed {
                    Ok(gun) => {
                        let said = Told::new("added", gun.as_str());
                        Outcome::Acted(None, self.blocking(move |e| e.trust().add_entry(&gun)).await.map(|()| said))
                    }
                    Err(error) => Outcome::Acted(None, Err(failure::of(error))),
                }
            }
            Effect::Greet(url) => {
                let answered = engine.servers().greet(&url).await.map_err(failure::of);
                Outcome::Greeted(url, answered)
            }
            Effect::RemoveEntry(gun) => {
                let said =
                    Told::new(Told::OFF_THE_LIST, format!("{gun}; its files stay, a with its name brings it back"));
                Outcome::Acted(None, self.blocking(move |e| e.trust().remove_entry(&gun)).await.map(|()| said))
            }
            Effect::PutBack(guns) => {
                let what = match guns.as_slice() {
                    [gun] => gun.to_string(),
                    guns => count(guns.len(), "repository", "repositories"),
                };
                let said = Told::new("back on the list", what);
                let put = self.blocking(move |e| guns.iter().try_for_each(|gun| e.trust().add_entry(gun))).await;
                Outcome::Acted(None, put.map(|()| said))
            }
            Effect::DeleteLocal(gun) => {
                let said = Told::new("forgotten", format!("cache and pin of {gun}"));
                Outcome::Acted(
                    Some(gun.clone()),
                    engine.trust().delete_local(&gun).await.map(|()| said).map_err(failure::of),
                )
            }
            Effect::AcceptRoot(gun, roots) => {
                let asked = gun.clone();
                let result = self.blocking(move |e| e.trust().accept_root(&asked, &roots)).await;
                Outcome::Acted(Some(gun.clone()), result.map(|()| Told::new("trusted", format!("root of {gun}"))))
            }
            Effect::AcceptRealm(gun, realm) => {
                let said = Told::new("allowed", format!("logins at {realm}"));
                Outcome::Acted(Some(gun), self.blocking(move |e| e.servers().accept_realm(&realm)).await.map(|()| said))
            }
            Effect::LogIn { gun, host, user, secret } => {
                let who = user.as_deref().unwrap_or("an identity token");
                let said = Told::new("logging in", format!("{who} at {host}"));
                let login = match user {
                    Some(user) => Login::Password { user, password: secret },
                    None => Login::IdentityToken(secret),
                };
                engine.servers().log_in(&host, login).await;
                Outcome::Acted(Some(gun), Ok(said))
            }
            _ => return None,
        })
    }

    async fn staging(
        &self,
        said: Option<Told>,
        work: impl Fn(&Engine) -> Result<Stage, EngineError> + Send + 'static,
    ) -> Outcome {
        let result = self.blocking(move |e| work(e)).await;
        Outcome::Staged { said, result }
    }

    /// The keys that a passphrase opens.
    async fn unlock_also(&self, ids: Vec<CanonicalKeyId>, passphrase: Passphrase) -> Vec<CanonicalKeyId> {
        let opened = self.waiting(move |e| {
            Ok(ids.into_iter().filter(|id| e.keyring().unlock(id, &passphrase).is_ok()).collect::<Vec<_>>())
        });
        opened.await.unwrap_or_default()
    }

    /// The cached view first, then what the server says.
    async fn open(&self, job: JobId, gun: Gun) -> Option<Outcome> {
        let cached = {
            // The semaphore is never closed.
            let _slot = self.slots.acquire().await.ok()?;
            self.engine.views().cached(&gun).await
        };
        let cached = cached.map(Arc::new).map_err(failure::of);
        let shown = Outcome::Viewed(gun.clone(), Source::Cache, cached);
        self.send(job, Some(shown)).await;
        Some(self.refresh(gun).await)
    }

    async fn refresh(&self, gun: Gun) -> Outcome {
        let _slot = self.slots.acquire().await;
        let view = self.engine.views().refresh_until(&gun, &self.stop).await;
        Outcome::Viewed(gun, Source::Server, view.map(Arc::new).map_err(failure::of))
    }
}
