//! Today's work first: what is new, waiting, due, overdue, and to be approved, each with how many there are.

use actix_web::HttpResponse;
use askama::Template;

use super::Asked;
use crate::domain::Role;
use crate::domain::application::ApplicationState as A;
use crate::domain::grant::{GrantState as G, PaymentState as P, UpdateState as U};
use crate::http::pages::{Failed, Shell};
use crate::log::record::day_of;
use crate::projections::{ApplicationRow, GrantRow, GroupRow, PaymentRow, PersonRow, UpdateRow};
use crate::store::mails;
use crate::views::{COUNTED, InTable, Page as Wanted};

#[derive(Template)]
#[template(path = "desk/today.html")]
struct Today {
    page: Shell,
    work: Vec<Work>,
    waiting: Vec<Work>,
    roles: Vec<&'static str>,
    keys_in: bool,
}

/// Some work, how much of it there is, and where it is done.
struct Work {
    says: &'static str,
    count: String,
    path: String,
    some: bool,
}

fn work(says: &'static str, count: i64, path: impl Into<String>) -> Work {
    let more = if count >= COUNTED { "+" } else { "" };
    Work { says, count: format!("{count}{more}"), path: path.into(), some: count > 0 }
}

async fn count<T: InTable>(asked: &Asked<'_>, states: &[&'static str]) -> Result<i64, Failed> {
    let states = states.iter().map(|state| (*state).to_owned()).collect();
    Ok(asked.desk.views.count::<T>(None, vec![("state", states)]).await?)
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    let holds = |role| asked.signed.reader.roles.contains(&role);
    let today = day_of(asked.desk.commands.now());
    let mut mine = Vec::new();
    let mut waiting = Vec::new();
    if holds(Role::Officer) {
        mine.push(work(
            "New applications to look at",
            count::<ApplicationRow>(asked, &[A::Submitted.into()]).await?,
            "/desk/applications?state=submitted",
        ));
        mine.push(work("Updates to read", count::<UpdateRow>(asked, &[U::Received.into()]).await?, "/desk/updates?state=received"));
        mine.push(work("Updates overdue", overdue(asked, &today.to_string()).await?, "/desk/updates?state=overdue"));
        mine.push(work(
            "Grants accepted, with checks or payees to see to",
            count::<GrantRow>(asked, &[G::Accepted.into()]).await?,
            "/desk/grants?state=accepted",
        ));
    }
    if holds(Role::Panel) {
        mine.push(work(
            "Applications to score or decide",
            count::<ApplicationRow>(asked, &[A::Eligible.into(), A::InAssessment.into()]).await?,
            "/desk/panel",
        ));
        mine.push(work(
            "Reviews to decide",
            count::<ApplicationRow>(asked, &[A::UnderReview.into()]).await?,
            "/desk/applications?state=under_review",
        ));
        mine.push(work("Changes to grants to decide", varied(asked).await?, "/desk/grants?asks=change"));
    }
    if holds(Role::Finance) {
        mine.push(work("Payments to approve", count::<PaymentRow>(asked, &[P::Prepared.into()]).await?, "/desk/payments?state=prepared"));
        mine.push(work("Payments to send", count::<PaymentRow>(asked, &[P::Approved.into()]).await?, "/desk/payments?state=approved"));
        mine.push(work(
            "Payments that the bank has still to confirm",
            count::<PaymentRow>(asked, &[P::Sent.into()]).await?,
            "/desk/payments?state=sent",
        ));
    }
    if holds(Role::Administrator) {
        mine.push(work("Roles that wait for a second administrator", proposed(asked).await?, "/desk/people"));
        let erase = vec![("erasure", vec!["asked".to_owned()])];
        let views = &asked.desk.views;
        let asked_for = views.count::<PersonRow>(None, erase.clone()).await? + views.count::<GroupRow>(None, erase).await?;
        mine.push(work("People and groups who ask to be erased", asked_for, "/desk/erasures"));
        let log = asked.desk.commands.log();
        let failed = mails::newest(log.store(), log.organisation(), "failed", COUNTED).await?.len();
        mine.push(work("Mails that could not be sent", i64::try_from(failed).unwrap_or_default(), "/desk/texts/mails?state=failed"));
    }
    waiting.push(work(
        "Groups were asked to change something",
        count::<ApplicationRow>(asked, &[A::ChangesRequested.into()]).await?,
        "/desk/applications?state=changes_requested",
    ));
    waiting.push(work("Offers wait for an answer", count::<GrantRow>(asked, &[G::Offered.into()]).await?, "/desk/grants?state=offered"));
    waiting.push(work(
        "Forms are begun and not handed in",
        count::<ApplicationRow>(asked, &[A::Draft.into()]).await?,
        "/desk/applications?state=draft",
    ));
    waiting.push(work(
        "Applications are on the reserve list",
        count::<ApplicationRow>(asked, &[A::ReserveList.into()]).await?,
        "/desk/applications?state=reserve_list",
    ));
    waiting.push(work("Grants are running", count::<GrantRow>(asked, &[G::Live.into()]).await?, "/desk/grants?state=live"));
    let page = Today {
        page: asked.shell("Today").await?,
        keys_in: holds(Role::Officer),
        work: mine,
        waiting,
        roles: asked.signed.reader.roles.iter().map(|role| (*role).into()).collect(),
    };
    asked.page(&page)
}

async fn overdue(asked: &Asked<'_>, today: &str) -> Result<i64, Failed> {
    let open = [U::Requested, U::Queried].map(|state| <&str>::from(state).to_owned()).to_vec();
    let due = asked.desk.views.count::<UpdateRow>(None, vec![("state", open.clone()), ("due_on <=", vec![today.to_owned()])]).await?;
    // Due today is not overdue yet.
    let now = asked.desk.views.count::<UpdateRow>(None, vec![("state", open), ("due_on", vec![today.to_owned()])]).await?;
    Ok(due - now)
}

/// Running grants with a variation that nobody has decided.
async fn varied(asked: &Asked<'_>) -> Result<i64, Failed> {
    use crate::domain::grant::VariationState;
    let states = [G::Accepted, G::Live, G::Reported].map(|state| <&str>::from(state).to_owned()).to_vec();
    let rows = asked.desk.views.list::<GrantRow>(None, vec![("state", states)], &Wanted { after: None, most: COUNTED }).await?.items;
    let open = |row: &&GrantRow| row.variations.values().any(|variation| variation.state == VariationState::Requested);
    Ok(i64::try_from(rows.iter().filter(open).count()).unwrap_or_default())
}

async fn proposed(asked: &Asked<'_>) -> Result<i64, Failed> {
    let people = asked.desk.views.list::<PersonRow>(None, Vec::new(), &Wanted { after: None, most: COUNTED }).await?.items;
    Ok(i64::try_from(people.iter().filter(|person| !person.proposed.is_empty()).count()).unwrap_or_default())
}
