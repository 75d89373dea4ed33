//! Lists in pages: tags of a repository, repositories of a registry.

use std::collections::HashSet;

use reqwest::header::{HeaderMap, LINK};
use serde::Deserialize;

use super::call::Call;
use super::{Registry, RepositoryPath, Subject, Tag};
use crate::remote::error::RemoteError;

/// All pages of one list together, in bytes: more than a hundred thousand tags.
const LIST_LIMIT: u64 = 16 * 1024 * 1024;
/// Entries asked for at once; registries refuse more, or give fewer.
const PAGE: &str = "n=1000";

/// A page of tags. Registries write `null` for none.
#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

/// A page of the catalogue.
#[derive(Deserialize)]
struct Repositories {
    repositories: Option<Vec<String>>,
}

impl Registry {
    /// All tags of a repository, in the registry's order, each once.
    ///
    /// # Errors
    /// [`RemoteError::NotFound`] if there is no such repository, [`RemoteError::TooBig`] for a list without end.
    pub async fn tags(&self, path: &RepositoryPath) -> Result<Vec<Tag>, RemoteError> {
        let (route, what) = (format!("{path}/tags/list"), format!("the tags of {path}"));
        let call = Call { what: &what, limit: LIST_LIMIT, ..Call::get(&route, Subject::Repository(path.as_str())) };
        let texts = self.pages(call, |body| Some(serde_json::from_slice::<Tags>(body).ok()?.tags.unwrap_or_default()));
        let bad = |_| self.bad_answer("it lists a tag that no registry can hold");
        texts.await?.iter().map(|text| Tag::parse(text).map_err(bad)).collect()
    }

    /// All repositories, where the registry lists them to this login.
    ///
    /// # Errors
    /// [`RemoteError::Forbidden`] or [`RemoteError::NotFound`] where it does not.
    pub async fn catalog(&self) -> Result<Vec<RepositoryPath>, RemoteError> {
        let what = "the catalogue of its repositories";
        let call = Call { what, limit: LIST_LIMIT, ..Call::get("_catalog", Subject::Catalog) };
        let read =
            |body: &[u8]| Some(serde_json::from_slice::<Repositories>(body).ok()?.repositories.unwrap_or_default());
        let bad = |_| self.bad_answer("it lists a repository that no registry can hold");
        self.pages(call, read).await?.iter().map(|text| RepositoryPath::parse(text).map_err(bad)).collect()
    }

    async fn pages(
        &self,
        call: Call<'_>,
        read: impl Fn(&[u8]) -> Option<Vec<String>>,
    ) -> Result<Vec<String>, RemoteError> {
        let (mut seen, mut all, mut room) = (HashSet::new(), Vec::new(), call.limit);
        let mut query = PAGE.to_owned();
        loop {
            let answer = self.run(&Call { query: Some(&query), limit: room, ..call }).await?;
            if answer.status != 200 {
                return Err(self.failed(call.what, &answer));
            }
            room = room.saturating_sub(answer.body.len() as u64);
            let entries = read(&answer.body).ok_or_else(|| self.bad_answer("its list is not in the form of one"))?;
            let before = all.len();
            all.extend(entries.into_iter().filter(|entry| seen.insert(entry.clone())));
            let Some(next) = next_page(&answer.headers) else { return Ok(all) };
            if all.len() == before {
                return Err(self.bad_answer("its list has no end: a page brings nothing new"));
            }
            query = next;
        }
    }
}

/// The query of the next page. The path stays ours: a link that led elsewhere would take a login along.
fn next_page(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter().filter_map(|line| line.to_str().ok());
    let next = links.flat_map(|line| line.split(", ")).find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = |p: &str| matches!(p.trim(), "rel=\"next\"" | "rel=next");
        parameters.split(';').any(is_next).then_some(address)
    })?;
    let (_, query) = next.split_once('?')?;
    Some(query.split('#').next().unwrap_or(query).to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn next(link: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(LINK, link.parse().unwrap());
        next_page(&headers)
    }

    #[test]
    fn next_page_is_the_query_of_the_next_link_alone() {
        let same = Some("last=b&n=2".to_owned());
        assert_eq!(next("</v2/a/tags/list?last=b&n=2>; rel=\"next\""), same);
        assert_eq!(next("<https://elsewhere.test/x?last=b&n=2#end>; rel=next"), same);
        assert_eq!(next("</p?n=1>; rel=\"prev\", </v2/a/tags/list?last=b&n=2>; title=x; rel=\"next\""), same);
        assert_eq!(next("</v2/a/tags/list?last=b>; rel=\"last\""), None);
        assert_eq!(next("nothing"), None);
    }
}
