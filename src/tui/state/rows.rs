//! Rows that lists are made of.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::engine::draft::applied::Mark;
use crate::engine::tags::compare::{self, TagStanding, is_same, other_length};
use crate::engine::tags::registered::KnownTag;
use crate::engine::view::TagView;
use crate::engine::{Change, EntryId, Plan, RepositoryPlan, RepositoryView, natural};
use crate::tuf::Gun;
use crate::tui::kit::filter::{Filter, SearchTexts};
use crate::tui::state::registry::Compared;
use crate::tui::state::sort::Sort;

/// A row of the pane: a repository, or a change below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StagedRow {
    Repository(Gun),
    Change(EntryId),
}

/// The tags of a repository as the list takes them, in natural order: signed ones, those of the registry, and those that
/// are staged. Made once for a view, a plan and a list of the registry.
#[derive(Debug, Default)]
pub struct TagRows {
    of: Option<Arc<RepositoryView>>,
    plan: Option<Arc<Plan>>,
    rows: Vec<TagRow>,
    /// Made when something is looked for.
    texts: OnceLock<SearchTexts>,
    /// What they were filtered by last.
    pub filter: Filter,
    /// What they were put in order by last.
    pub sort: Sort,
}

/// A tag as it is listed.
#[derive(Debug)]
pub struct TagRow {
    /// What is signed and what the registry holds.
    pub row: compare::TagPair,
    /// What the stage does to it.
    pub mark: Option<Mark>,
    /// Digest that is staged for it, in hexadecimal.
    pub staged: Option<Box<str>>,
}

impl TagRow {
    /// How it stands; `new` if it is only staged.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.is_only_staged() { "new" } else { self.row.standing.word() }
    }

    /// Whether nothing is signed yet and the registry does not list it.
    #[must_use]
    pub fn is_only_staged(&self) -> bool {
        self.staged.is_some() && self.row.signed.is_none() && self.row.standing == TagStanding::Signed
    }
}

impl TagRows {
    /// Those of a view.
    #[must_use]
    pub fn new(
        view: Arc<RepositoryView>,
        registry: &Compared,
        plan: Option<Arc<Plan>>,
        (filter, sort): (Filter, Sort),
    ) -> Self {
        let mut rows = registry.rows(&view);
        let planned = plan.as_ref().and_then(|plan| plan.repositories.iter().find(|p| p.gun == view.gun));
        let stage = planned.map(Staged::of).unwrap_or_default();
        add_staged(&mut rows, &stage);
        let rows = rows.into_iter().map(|row| {
            let mark = stage.marks.get(&*row.name).copied();
            let staged = stage.digests.get(&*row.name).map(|digest| Box::from(*digest));
            TagRow { row, mark, staged }
        });
        let rows = rows.collect();
        Self { of: Some(view), plan: plan.clone(), rows, texts: OnceLock::new(), filter, sort }
    }

    /// Whether they are of this very view and plan.
    #[must_use]
    pub fn is_of(&self, view: &Arc<RepositoryView>, plan: Option<&Arc<Plan>>) -> bool {
        let same_plan = match (&self.plan, plan) {
            (None, None) => true,
            (Some(own), Some(plan)) => Arc::ptr_eq(own, plan),
            _ => false,
        };
        same_plan && self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, view))
    }

    /// Index and name of those that pass the filter, in order.
    #[must_use]
    pub fn shown(&self) -> Vec<(usize, Arc<str>)> {
        if self.filter.is_empty() && self.sort != Sort::State {
            return self.rows.iter().enumerate().map(|(index, row)| (index, Arc::clone(&row.row.name))).collect();
        }
        let mut shown: Vec<(usize, &TagRow)> = if self.filter.is_empty() {
            self.rows.iter().enumerate().collect()
        } else {
            let write = |row: &TagRow, text: &mut String| write(row, self.signed(row), text);
            let texts = self.texts.get_or_init(|| SearchTexts::new(&self.rows, write));
            self.filter.among(texts).filter_map(|place| Some((place, self.rows.get(place)?))).collect()
        };
        if self.sort == Sort::State {
            shown.sort_by_key(|(_, row)| urgency(row.row.standing));
        }
        shown.into_iter().map(|(index, row)| (index, Arc::clone(&row.row.name))).collect()
    }

    /// A row.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&TagRow> {
        self.rows.get(index)
    }

    /// The rows of a tag: several if roles sign different digests.
    pub fn of_tag(&self, name: &str) -> impl Iterator<Item = &TagRow> {
        let first = self.rows.partition_point(|row| natural(&row.row.name, name).is_lt());
        self.rows.iter().skip(first).take_while(move |row| &*row.row.name == name)
    }

    /// What is signed of a row.
    #[must_use]
    pub fn signed(&self, row: &TagRow) -> Option<&TagView> {
        self.of.as_ref()?.tags.get(row.row.signed?)
    }

    /// Whether the registry holds what is signed.
    #[must_use]
    pub fn is_same(&self, row: &TagRow) -> bool {
        self.signed(row).zip(row.row.registry.as_ref()).is_some_and(|(tag, found)| is_same(tag, found))
    }

    /// The lengths that are signed and found where they alone differ.
    #[must_use]
    pub fn other_length(&self, row: &TagRow) -> Option<(u64, u64)> {
        let (tag, found) = self.signed(row).zip(row.row.registry.as_ref())?;
        other_length(tag, found)
    }

    /// Takes what the registry answered about some tags. `false` if rows come or go by it.
    #[must_use]
    pub fn learn<'a>(&mut self, names: impl Iterator<Item = &'a Arc<str>>, registry: &Compared) -> bool {
        let (Some(view), Some(registered)) = (self.of.clone(), &registry.known) else { return false };
        self.texts = OnceLock::new();
        for name in names {
            let first = self.rows.partition_point(|row| natural(&row.row.name, name).is_lt());
            let known = registered.of(name);
            let mut place = first;
            while let Some(row) = self.rows.get_mut(place).filter(|row| row.row.name == *name) {
                let signed = row.row.signed.and_then(|place| view.tags.get(place));
                match (signed, known) {
                    (Some(tag), known) => row.row.standing = registry.standing(&view, tag, known),
                    (None, KnownTag::Gone) => return false,
                    (None, _) => {}
                }
                row.row.registry = if let KnownTag::Is(found) = known { Some(Arc::clone(found)) } else { None };
                place += 1;
            }
            if place == first {
                return false;
            }
        }
        true
    }
}

/// Place of a state in a list with the worst first.
fn urgency(standing: TagStanding) -> u8 {
    match standing {
        TagStanding::Expired | TagStanding::Orphan | TagStanding::Tampered => 0,
        TagStanding::Drift | TagStanding::Gone => 1,
        TagStanding::Unsigned => 2,
        TagStanding::Held => 3,
        TagStanding::Ok | TagStanding::Signed => 4,
    }
}

/// Writes what a row is found by.
fn write(row: &TagRow, signed: Option<&TagView>, text: &mut String) {
    let registry = row.row.registry.as_ref().map(|found| found.digest.digest()).unwrap_or_default();
    let digest = signed.map(|tag| tag.digest.as_str()).unwrap_or_default();
    let registry = if registry == digest { "same" } else { registry };
    let signers = signed.into_iter().flat_map(|tag| &tag.signers);
    for word in [&*row.row.name, row.word(), digest, registry].into_iter().chain(signers.map(String::as_str)) {
        text.push_str(word);
        text.push(' ');
    }
}

/// What the stage does to tags.
#[derive(Default)]
struct Staged<'a> {
    marks: HashMap<&'a str, Mark>,
    digests: HashMap<&'a str, &'a str>,
}

impl<'a> Staged<'a> {
    fn of(plan: &'a RepositoryPlan) -> Self {
        let mut marks = HashMap::new();
        let mut digests = HashMap::new();
        for planned in &plan.changes {
            match &planned.change {
                Change::Sign { tag, target, .. } => {
                    marks.insert(tag.as_str(), Mark::Resigned);
                    digests.insert(tag.as_str(), target.sha256.as_str());
                }
                Change::Revoke { tag, .. } => {
                    marks.insert(tag.as_str(), Mark::Removed);
                }
                _ => {}
            }
        }
        let lost = plan.tags.revoked.iter().chain(&plan.tags.orphaned);
        marks.extend(lost.map(|name| (name.as_str(), Mark::Removed)));
        marks.extend(plan.tags.signed.iter().map(|name| (name.as_str(), Mark::Added)));
        Self { marks, digests }
    }
}

/// Adds rows for tags that are to be signed and that nothing else lists.
fn add_staged(rows: &mut Vec<compare::TagPair>, stage: &Staged<'_>) {
    let is_listed = |name: &str| rows.binary_search_by(|row| natural(&row.name, name)).is_ok();
    let new: Vec<&str> = stage.digests.keys().copied().filter(|name| !is_listed(name)).collect();
    if new.is_empty() {
        return;
    }
    rows.extend(new.into_iter().map(|name| compare::TagPair {
        name: Arc::from(name),
        standing: TagStanding::Signed,
        signed: None,
        registry: None,
    }));
    rows.sort_by(|a, b| natural(&a.name, &b.name));
}
