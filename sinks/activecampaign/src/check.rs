//! What has to be known of the account before anything is sent.

use enlist_core::{Destination, Field, Headroom, Lane, SendError, Turn};
use http::StatusCode;
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::{answer, error, limits};

/// Lists named when the configured one is missing.
const SUGGESTIONS: usize = 10;

/// One check: every call of it waits for its turn.
pub(crate) struct Check<'a> {
    pub(crate) client: &'a Client,
    pub(crate) turn: &'a dyn Turn,
}

impl Check<'_> {
    /// Reads the account; the credentials first, so that a wrong key is reported as that.
    pub(crate) async fn run(&self, list: u64, tags: &[String]) -> Result<Destination, SendError> {
        probe_answer(&self.get("/users/me", &[]).await?)?;
        Ok(Destination {
            host: self.client.host().to_owned(),
            list,
            list_name: self.list_name(list).await?,
            fields: self.fields().await?,
            unknown_tags: self.unknown_tags(tags).await?,
            headroom: self.headroom().await?,
        })
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, SendError> {
        self.turn.turn(Lane::General).await.map_err(SendError::Fatal)?;
        self.client.get(path, query).await
    }

    async fn list_name(&self, list: u64) -> Result<String, SendError> {
        let answer = self.get(&format!("/lists/{list}"), &[]).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(self.list_missing(list).await);
        }
        let json = permitted(answer::json(&answer), "view lists")?;
        answer::list_name(&json).ok_or_else(|| unclear("list"))
    }

    /// The error for a list that is not there; other trouble while asking for the lists is reported instead.
    async fn list_missing(&self, list: u64) -> SendError {
        let page = limits::PAGE.to_string();
        let lists = match self.get("/lists", &[("limit", &page)]).await {
            Ok(answer) => permitted(answer::json(&answer), "view lists"),
            Err(error) => Err(error),
        };
        match lists {
            Ok(page) => error::list_missing(list, &usable(&answer::lists(&page))),
            Err(error) => error,
        }
    }

    async fn fields(&self) -> Result<Vec<Field>, SendError> {
        let pages = self.pages("/fields", "fields", &[]).await;
        Ok(answer::fields(&permitted(pages, "view custom fields")?))
    }

    /// Tags the account does not have under exactly this name. Case counts: whether ActiveCampaign minds it is not
    /// documented, and a tag that is made by mistake stays.
    async fn unknown_tags(&self, tags: &[String]) -> Result<Vec<String>, SendError> {
        let mut unknown = Vec::new();
        for tag in tags {
            let pages = self.pages("/tags", "tags", &[("filters[search][eq]", tag)]).await;
            let pages = permitted(pages, "view tags")?;
            if !pages.iter().flat_map(answer::tags).any(|known| known == *tag) {
                unknown.push(tag.clone());
            }
        }
        Ok(unknown)
    }

    /// Only administrators may read it: a refusal means not known, and so does an account that has no such address,
    /// since everything else that was asked for is there.
    async fn headroom(&self) -> Result<Option<Headroom>, SendError> {
        let answer = self.get("/settings/account", &[]).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        match answer::json(&answer) {
            Ok(json) => Ok(answer::headroom(&json)),
            Err(SendError::Denied(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All pages of the listing `key` at `path`.
    async fn pages(&self, path: &str, key: &str, filter: &[(&str, &str)]) -> Result<Vec<Value>, SendError> {
        let limit = limits::PAGE.to_string();
        let mut pages = Vec::new();
        let mut seen = 0;
        while pages.len() < limits::PAGES {
            let offset = seen.to_string();
            let query = [filter, &[("limit", &limit), ("offset", &offset)]].concat();
            let page = answer::json(&self.get(path, &query).await?)?;
            let items = answer::member(&page, key).filter(|items| items.is_array() || items.is_object());
            let count = answer::items(items.ok_or_else(|| unclear(key))?).len();
            let total = answer::member(&page, "meta").and_then(|meta| answer::number(answer::member(meta, "total")?));
            seen += count;
            pages.push(page);
            // Without a total, a page that is not full is the last one.
            let complete = match total {
                Some(total) => u64::try_from(seen).is_ok_and(|seen| seen >= total),
                None => count < limits::PAGE,
            };
            if count == 0 || complete {
                return Ok(pages);
            }
        }
        Err(SendError::InDoubt(format!("the listing of {key} does not end")))
    }
}

/// Reads the answer of `GET /users/me`: a success that names no user comes from something else than the API.
pub(crate) fn probe_answer(answer: &Answer) -> Result<(), SendError> {
    let json = answer::json(answer)?;
    answer::member(&json, "user").map(drop).ok_or_else(|| unclear("user"))
}

fn unclear(what: &str) -> SendError {
    SendError::InDoubt(format!("the answer names no {what}"))
}

/// With the credentials proven, a refusal that speaks of permissions is about `action`.
pub(crate) fn permitted<T>(result: Result<T, SendError>, action: &str) -> Result<T, SendError> {
    result.map_err(|error| match error {
        SendError::Denied(words) if words.contains("permission") => error::permission(action, &words),
        other => other,
    })
}

fn usable(lists: &[(u64, String)]) -> String {
    let named: Vec<String> = lists.iter().take(SUGGESTIONS).map(|(id, name)| format!("{id} {name:?}")).collect();
    let more = if lists.len() > SUGGESTIONS { ", …" } else { "" };
    named.join(", ") + more
}
