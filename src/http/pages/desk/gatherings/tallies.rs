//! Tallies of a gathering: printable slips with the questions of the aims, and the form for the
//! numbers that staff count from them.

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::language::Language;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::Choices;
use crate::http::pages::tallies::{AskedQuestions, ShownTally, TallyQuestion, occasions};
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::GatheringRow;

#[derive(Template)]
#[template(path = "desk/gatherings/tallies.html")]
struct GatheringTalliesPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    gathering: GatheringRow,
    version: u32,
    questions: Vec<TallyQuestion>,
    given: Vec<ShownTally>,
    /// The form for the question or the tally that the address names.
    form: Option<TallyForm>,
    occasions: Choices,
    /// Whether the reader may give and correct numbers.
    writes: bool,
}

/// The form for the numbers of a question.
struct TallyForm {
    form: Form,
    question: TallyQuestion,
    /// The number of the tally that is corrected; absent for a new one.
    corrects: Option<u16>,
}

#[derive(Template)]
#[template(path = "desk/gatherings/slips.html")]
struct GatheringSlipsPage {
    page: PageContext,
    gathering: GatheringRow,
    questions: Vec<TallyQuestion>,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let gathering: GatheringRow = request.row(ownership::parse_uuid(id)?).await?;
    let reader = &request.signed.reader;
    let sees_small = reader.sees_all() || reader.works_with_people();
    let views = &request.app.views;
    let tallies = views.tallies_of(gathering.id, None, sees_small).await?;
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
    let writes = reader.works_with_people() && gathering.is_public();
    let page = GatheringTalliesPage {
        page: request.page_context("How people feel").await?,
        wrong: forms.error_summary(),
        version: asked.version,
        questions: asked.all(Language::En),
        given: asked.given(&tallies, Language::En),
        form: form.filter(|_| writes),
        occasions: occasions(Language::En),
        writes,
        gathering,
    };
    request.render(&page)
}

/// The slips to print.
pub(super) async fn slips(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let gathering: GatheringRow = request.row(ownership::parse_uuid(id)?).await?;
    let asked = AskedQuestions::load(request.app).await?;
    let only = request.text("question");
    let mut questions = asked.all(Language::En);
    questions.retain(|one| only.is_empty() || one.key == only);
    let page = GatheringSlipsPage {
        page: request.page_context("Slips to print").await?,
        gathering,
        questions,
    };
    request.render(&page)
}
