//! Asking a registry about tags, side by side.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::registered::{Registered, TagAnswer};
use super::{Tags, remote};
use crate::engine::error::{EngineError, Problem};
use crate::engine::wording::{counted, natural};
use crate::remote::registry::{Reference, RepositoryPath, Tag};
use crate::remote::{Registry, RemoteError};
use crate::tuf::Gun;

/// Tags that are asked about at the same time; the client bounds requests on its own.
const AT_ONCE: usize = 64;
/// Most answers that are told at once.
const BATCH: usize = 256;
/// Tags that a registry may answer about with an error before it is asked about no more.
const UNANSWERED: usize = 16;
/// In repositories with more tags nothing is compared until somebody asks for it.
pub const UNASKED: usize = 500;

/// A tag that a registry lists, and would not say what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// The tag.
    pub tag: Arc<str>,
    /// What it answered.
    pub problem: Problem,
}

/// The failure that tags are which were not answered about, by cause; none for none.
#[must_use]
pub fn unanswered(gun: &Gun, tags: &[Unanswered]) -> Vec<Problem> {
    let mut causes: Vec<(&Problem, Vec<&str>)> = Vec::new();
    for Unanswered { tag, problem } in tags {
        match causes.iter_mut().find(|(known, _)| known.kind == problem.kind) {
            Some((_, names)) => names.push(tag),
            None => causes.push((problem, vec![tag])),
        }
    }
    let one = |(problem, names): (&Problem, Vec<&str>)| {
        let tags = counted(names.len(), "tag", "tags");
        let message =
            format!("the registry does not say what {tags} of {gun} stand for ({}): {problem}", names.join(", "));
        Problem { message, repository: Some(gun.clone()), ..problem.clone() }
    };
    causes.into_iter().map(one).collect()
}

/// What is to be asked of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TagQuestion {
    /// The tags that are wanted first, signed or not, such as those on the screen.
    pub first: Vec<Arc<str>>,
    /// The tags that are signed: of others it is enough that they are listed.
    pub signed: Vec<Arc<str>>,
    /// So many of the others are asked about all the same, in natural order: which there are is not known yet.
    pub others: usize,
    /// Whether to stop after the list if the registry has more than [`UNASKED`] tags.
    pub unless_many: bool,
}

/// What a registry answered so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The tags that it lists; of so many of them it will be asked what they are.
    Listed {
        /// The tags.
        registered: Registered,
        /// How many are asked about.
        wanted: usize,
    },
    /// What some of them are.
    Found(Vec<TagAnswer>),
}

impl Tags {
    /// The tags that a registry lists.
    ///
    /// # Errors
    /// `Remote`.
    pub async fn list(&self, gun: &Gun) -> Result<Registered, EngineError> {
        let (registry, path) = self.registry(gun).await?;
        match registry.tags(&path).await {
            Ok(tags) => Ok(Registered::listed(tags.iter().map(|tag| Arc::from(tag.as_str())))),
            // Nothing was ever pushed, or everything was removed.
            Err(RemoteError::NotFound { .. }) => Ok(Registered::default()),
            Err(source) => Err(remote(gun)(source)),
        }
    }

    /// Asks about tags side by side, the first ones first; `heard` gets the answers as they come. One that was removed
    /// meanwhile is answered with nothing. Gives the tags that the registry would not answer about, in natural order.
    ///
    /// # Errors
    /// `Remote` once the registry itself cannot be asked, or answers about too many with an error.
    pub async fn ask(
        &self,
        gun: &Gun,
        tags: Vec<Arc<str>>,
        mut heard: impl FnMut(Vec<TagAnswer>),
    ) -> Result<Vec<Unanswered>, EngineError> {
        let (registry, path) = self.registry(gun).await?;
        let ask = |name: Arc<str>| {
            let (registry, path) = (&registry, &path);
            async move {
                let answer = one(registry, path, Arc::clone(&name)).await;
                answer.map_err(|error| (name, remote(gun)(error)))
            }
        };
        let mut answers = stream::iter(tags).map(ask).buffer_unordered(AT_ONCE).ready_chunks(BATCH);
        let mut unanswered = Vec::new();
        while let Some(chunk) = answers.next().await {
            let mut good = Vec::new();
            for answer in chunk {
                match answer {
                    Ok(answer) => good.push(answer),
                    Err((tag, error)) if is_of_tag(&error) && unanswered.len() < UNANSWERED => {
                        unanswered.push(Unanswered { tag, problem: error.problem() });
                    }
                    Err((_, error)) => return Err(error),
                }
            }
            heard(good);
        }
        unanswered.sort_by(|a, b| natural(&a.tag, &b.tag));
        Ok(unanswered)
    }

    /// Asks about one tag.
    ///
    /// # Errors
    /// `Remote`.
    pub async fn ask_one(&self, gun: &Gun, tag: &str) -> Result<TagAnswer, EngineError> {
        let (registry, path) = self.registry(gun).await?;
        one(&registry, &path, Arc::from(tag)).await.map_err(remote(gun))
    }

    /// Asks a registry for its tags and then what those are that are wanted, telling what it hears. Dropping this stops it.
    /// Gives what [`Tags::ask`] does.
    ///
    /// # Errors
    /// `Remote`.
    pub async fn ask_all(
        &self,
        gun: &Gun,
        asking: TagQuestion,
        news: &mpsc::Sender<News>,
    ) -> Result<Vec<Unanswered>, EngineError> {
        let registered = self.list(gun).await?;
        let many = asking.unless_many && registered.len() > UNASKED;
        let wanted = if many { Vec::new() } else { in_order(&registered, asking) };
        // Whoever has stopped listening drops this too.
        news.send(News::Listed { registered, wanted: wanted.len() }).await.unwrap_or_default();
        let (sender, mut answers) = mpsc::unbounded_channel();
        let asking = async {
            let sender = sender;
            self.ask(gun, wanted, |answers| sender.send(News::Found(answers)).unwrap_or_default()).await
        };
        let telling = async {
            while let Some(found) = answers.recv().await {
                news.send(found).await.unwrap_or_default();
            }
        };
        tokio::join!(asking, telling).0
    }
}

/// Whether a failure may be about one tag alone, and others are worth asking about.
fn is_of_tag(error: &EngineError) -> bool {
    let EngineError::Remote { source, .. } = error else { return false };
    matches!(
        source,
        RemoteError::Server { .. }
            | RemoteError::BadAnswer { .. }
            | RemoteError::Malformed { .. }
            | RemoteError::Altered { .. }
            | RemoteError::Length { .. }
            | RemoteError::TooBig { .. }
            | RemoteError::NotTag(_)
    )
}

async fn one(registry: &Registry, path: &RepositoryPath, name: Arc<str>) -> Result<TagAnswer, RemoteError> {
    let reference = Reference::Tag(Tag::parse(&name)?);
    match registry.resolve(path, &reference).await {
        Ok(resolved) => Ok((name, Some(Arc::new(resolved)))),
        Err(RemoteError::NotFound { .. }) => Ok((name, None)),
        Err(error) => Err(error),
    }
}

/// The tags that are asked about, each once.
fn in_order(registered: &Registered, asking: TagQuestion) -> Vec<Arc<str>> {
    let listed: BTreeSet<&Arc<str>> = registered.names().collect();
    let mut taken = BTreeSet::new();
    let wanted = asking.first.into_iter().chain(asking.signed).filter(|name| listed.contains(name));
    let mut wanted: Vec<Arc<str>> = wanted.filter(|name| taken.insert(Arc::clone(name))).collect();
    let mut others: Vec<&Arc<str>> = listed.difference(&taken.iter().collect()).copied().collect();
    others.sort_by(|a, b| natural(a, b));
    wanted.extend(others.into_iter().take(asking.others).cloned());
    wanted
}
