//! Tallies of a gathering or of a group: printable slips with the questions of the aims, and the
//! form for the numbers that staff count from them.

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use crate::domain::language::Language;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::Choices;
use crate::http::pages::tallies::{AskedQuestions, ShownTally, TallyQuestion, occasions};
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::{GatheringRow, GroupRow};

/// Whose tallies they are.
struct TallySubject {
    /// The plural noun of its addresses.
    noun: &'static str,
    /// The name of the list that its page is in.
    list: &'static str,
    id: Uuid,
    name: String,
    /// Whether the reader may give and correct numbers.
    writes: bool,
}

impl TallySubject {
    async fn gathering(request: &DeskRequest<'_>, id: &str) -> Result<Self, PageError> {
        let row: GatheringRow = request.row(ownership::parse_uuid(id)?).await?;
        Ok(Self {
            noun: "gatherings",
            list: "Gatherings",
            id: row.id,
            writes: request.signed.reader.works_with_people() && row.is_public(),
            name: row.title,
        })
    }

    async fn group(request: &DeskRequest<'_>, id: &str) -> Result<Self, PageError> {
        let row: GroupRow = request.row(ownership::parse_uuid(id)?).await?;
        let is_active = row.merged_into.is_none() && !row.erasure.is_done();
        Ok(Self {
            noun: "groups",
            list: "Groups",
            id: row.id,
            writes: request.signed.reader.works_with_people() && is_active,
            name: row.name,
        })
    }
}

#[derive(Template)]
#[template(path = "desk/tallies.html")]
struct TalliesPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    of: TallySubject,
    version: u32,
    questions: Vec<TallyQuestion>,
    given: Vec<ShownTally>,
    /// The form for the question or the tally that the address names.
    form: Option<TallyForm>,
    occasions: Choices,
}

/// The form for the numbers of a question.
struct TallyForm {
    form: Form,
    question: TallyQuestion,
    /// The number of the tally that is corrected; absent for a new one.
    corrects: Option<u16>,
}

#[derive(Template)]
#[template(path = "desk/slips.html")]
struct TallySlipsPage {
    page: PageContext,
    of: TallySubject,
    questions: Vec<TallyQuestion>,
}

/// The page of a gathering.
pub(super) async fn show_gathering(
    request: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    show(request, TallySubject::gathering(request, id).await?).await
}

/// The page of a group.
pub(super) async fn show_group(
    request: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    show(request, TallySubject::group(request, id).await?).await
}

async fn show(request: &DeskRequest<'_>, of: TallySubject) -> Result<HttpResponse, PageError> {
    let reader = &request.signed.reader;
    let sees_small = reader.sees_all() || reader.works_with_people();
    let views = &request.app.views;
    let tallies = views.tallies_of(of.id, None, sees_small).await?;
    let asked = AskedQuestions::load(request.app).await?;
    let forms = request.forms();
    let number: Option<u16> = request.text("tally").parse().ok();
    let corrected = tallies.iter().find(|tally| Some(tally.tally) == number);
    let form = match corrected {
        Some(tally) => Some(TallyForm {
            form: forms.form("correct-tally"),
            question: asked.of_tally(tally, Language::En),
            corrects: number,
        }),
        None => asked
            .find(request.text("question"), Language::En)
            .map(|question| TallyForm {
                form: forms.form("give-tally"),
                question,
                corrects: None,
            }),
    };
    let page = TalliesPage {
        page: request.page_context("How people feel").await?,
        wrong: forms.error_summary(),
        version: asked.version,
        questions: asked.all(Language::En),
        given: asked.given(&tallies, Language::En),
        form: form.filter(|_| of.writes),
        occasions: occasions(Language::En),
        of,
    };
    request.render(&page)
}

/// The slips of a gathering, to print.
pub(super) async fn gathering_slips(
    request: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    slips(request, TallySubject::gathering(request, id).await?).await
}

/// The slips of a group, to print.
pub(super) async fn group_slips(
    request: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    slips(request, TallySubject::group(request, id).await?).await
}

async fn slips(request: &DeskRequest<'_>, of: TallySubject) -> Result<HttpResponse, PageError> {
    let asked = AskedQuestions::load(request.app).await?;
    let only = request.text("question");
    let mut questions = asked.all(Language::En);
    questions.retain(|one| only.is_empty() || one.key == only);
    let page = TallySlipsPage {
        page: request.page_context("Slips to print").await?,
        of,
        questions,
    };
    request.render(&page)
}
