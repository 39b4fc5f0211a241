//! The page of the pledges, its form, and the page that thanks.
//!
//! While no pledges are in force the page says so and has no form. The response does not reveal
//! whether an email address is known: see [`Newcomer`].

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use crate::auth::links::{self, LinkPurpose};
use crate::clock::day_of;
use crate::commands::CommandError;
use crate::domain::language::Language;
use crate::domain::person::{ChooseMailLanguage, TakePledges};
use crate::domain::text::Slug;
use crate::domain::{Command, PersonCommand, PersonId, Refusal, unproven};
use crate::http::AppState;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::newcomer::{EnteredPerson, Newcomer, execute_step};
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, language_buttons,
    ownership, render_form_page, render_page, see_other, visitor,
};
use crate::mail::format_day;
use crate::projections::{GatheringRow, PersonRow};
use crate::views::{PledgeFigures, PledgeFiguresLine};

const PLEDGE_FORM: &str = "pledges";

#[derive(Template)]
#[template(path = "champions/list.html")]
struct ChampionsPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    version: u32,
    lines: Vec<PledgeLine>,
    champions: String,
    /// The address and the title of the gathering at which people wrote them.
    written_at: Option<(String, String)>,
    choices: Vec<(String, String)>,
}

/// A pledge and what came of it.
struct PledgeLine {
    words: String,
    figures: String,
}

#[derive(Template)]
#[template(path = "champions/thanks.html")]
struct PledgedPage {
    page: PageContext,
    /// The last day on which the pledges are kept without a proven address.
    kept_until: Option<Date>,
}

/// What was typed, with its errors by field.
type EnteredPledges<'a> = Option<(&'a FormData, FieldErrors)>;

pub(super) async fn show(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    render(&visitor, &app, None).await
}

/// Takes the pledges that were ticked. With none ticked nothing is recorded. Somebody who is not
/// signed in is registered first, as booking a place does.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm {
        mut visitor,
        posted,
    } = sent;
    if let Some(chosen) = language_buttons::pressed(&posted) {
        visitor.language = chosen;
        let page = render(&visitor, &app, Some((&posted, Vec::new()))).await;
        return language_buttons::in_language(&app, chosen, page);
    }
    let standing = app.views.pledge_figures(None).await?;
    if standing.pledges.is_empty() {
        return render(&visitor, &app, None).await;
    }
    let take = parse_pledges(&posted, &standing, visitor.language);
    let (take, who) = if visitor.signed_in.is_some() {
        (take, None)
    } else {
        match (take, parse_person(&posted, visitor.language)) {
            (Ok(take), Ok(who)) => (Ok(take), Some(who)),
            (take, who) => {
                let wrong = take.err().into_iter().chain(who.err()).flatten();
                (Err(wrong.collect()), None)
            }
        }
    };
    match (take, who) {
        (Err(wrong), _) => render(&visitor, &app, Some((&posted, wrong))).await,
        (Ok(take), Some(who)) => {
            take_as_newcomer(&request, &visitor, &app, &posted, (take, who)).await
        }
        (Ok(take), None) => take_as_visitor(&visitor, &app, &posted, take).await,
    }
}

fn pledge(person: PersonId, take: TakePledges) -> Command {
    Command::Person(person, PersonCommand::Pledge(take))
}

async fn take_as_visitor(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
    take: TakePledges,
) -> Result<HttpResponse, PageError> {
    let command = pledge(visitor.person()?, take);
    let issued = ownership::issue(visitor, app, posted, "/pledge", command).await;
    match refusal_of(issued.map(|_| ()))? {
        None => Ok(see_other("/my/pledges?done=pledged")),
        Some(refusal) => render_refusal(visitor, app, posted, &refusal).await,
    }
}

async fn take_as_newcomer(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
    (take, who): (TakePledges, EnteredPerson),
) -> Result<HttpResponse, PageError> {
    let within = app.site.limits.check_application_start(request);
    within.map_err(|problem| {
        PageError::rate_limited(problem, visitor.path.clone(), posted.pairs().to_vec())
    })?;
    let Some(newcomer) = Newcomer::register(app, posted, visitor, who).await? else {
        let says = translate(
            "You sent this page before. Choose “Sign in” to see your pledges, or go back and \
            start again.",
            visitor.language,
        );
        let says = vec![(String::new(), says.to_owned())];
        return render(visitor, app, Some((posted, says))).await;
    };
    let caller = newcomer.caller();
    if visitor.language != Language::En {
        let language = Some(visitor.language);
        let choose = PersonCommand::ChooseLanguage(ChooseMailLanguage { language });
        let choose = Command::Person(newcomer.person, choose);
        execute_step(app, posted, visitor, &caller, "/language", choose).await?;
    }
    let command = pledge(newcomer.person, take);
    let taken = execute_step(app, posted, visitor, &caller, "/pledge", command).await;
    if let Some(refusal) = refusal_of(taken.map(|_| ()))? {
        return render_refusal(visitor, app, posted, &refusal).await;
    }
    let mut response = see_other("/champions/thanks");
    // The browser gets a new key. The code in the mail works only in the browser with this key.
    let key = visitor::new_browser_key();
    let asks = links::browser_digest(app.commands.log().vault(), &key);
    newcomer
        .send_link(app, LinkPurpose::TakePledges, &asks)
        .await?;
    Visitor::start_session(request, app, newcomer.person, false, &key, &mut response).await?;
    Ok(response)
}

/// The rule that refused the pledges. Someone who had taken them all before is not refused.
fn refusal_of(issued: Result<(), PageError>) -> Result<Option<Refusal>, PageError> {
    match issued {
        Ok(()) | Err(PageError::Refused(CommandError::Refused(Refusal::NoChange))) => Ok(None),
        Err(PageError::Refused(CommandError::Refused(refusal))) => Ok(Some(refusal)),
        Err(error) => Err(error),
    }
}

/// The page with what a refusal means for the visitor, and all that was typed.
async fn render_refusal(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
    refusal: &Refusal,
) -> Result<HttpResponse, PageError> {
    let says = match refusal {
        Refusal::AddressUnproven => translate(
            "First open the link in the email that we sent you. If you have no email, phone us.",
            visitor.language,
        ),
        _ => changed(visitor.language),
    };
    let says = vec![(String::new(), says.to_owned())];
    render(visitor, app, Some((posted, says))).await
}

fn changed(language: Language) -> &'static str {
    translate(
        "The pledges have changed since you opened this page. Please choose again.",
        language,
    )
}

/// Parses the pledges that were ticked, of the version that was read.
fn parse_pledges(
    posted: &FormData,
    standing: &PledgeFigures,
    language: Language,
) -> Result<TakePledges, FieldErrors> {
    let miss = |says: &str| Err(vec![("pledges".to_owned(), says.to_owned())]);
    let ticked: Vec<&str> = posted
        .all("pledges")
        .filter(|key| !key.is_empty())
        .collect();
    if ticked.is_empty() {
        return miss(translate("Tick at least one pledge", language));
    }
    let is_known = |key: &Slug| {
        standing
            .pledges
            .iter()
            .any(|line| line.pledge.pledge == *key)
    };
    let keys: Option<BTreeSet<Slug>> = ticked
        .iter()
        .map(|key| key.parse().ok().filter(is_known))
        .collect();
    match keys {
        Some(pledges) if posted.text("version") == standing.version.to_string() => {
            Ok(TakePledges {
                pledges,
                version: standing.version,
            })
        }
        _ => miss(changed(language)),
    }
}

/// Parses the person, with a phone number or an email.
fn parse_person(posted: &FormData, language: Language) -> Result<EnteredPerson, FieldErrors> {
    let says = translate(
        "Add a phone number or an email, so that we can reach you.",
        language,
    );
    EnteredPerson::parse(posted, language, says)
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    entered: EnteredPledges<'_>,
) -> Result<HttpResponse, PageError> {
    let language = visitor.language;
    let entered = entered.map(|(posted, wrong)| FormErrors::new(PLEDGE_FORM, posted, wrong));
    let forms = PageForms::new(visitor, entered);
    let wrong = forms.error_summary();
    let mut page = PageContext::load(visitor, app, translate("Champions", language)).await?;
    page.has_errors = !wrong.is_empty();
    let figures = app.views.pledge_figures(None).await?.without_few_people();
    page.saves_language = !figures.pledges.is_empty();
    let shown = ChampionsPage {
        version: figures.version,
        champions: people_text(
            figures.champions,
            translate("No one has pledged anything yet.", language),
            translate(
                "So far fewer than five people have pledged something.",
                language,
            ),
            translate("{} people have pledged something.", language),
        ),
        written_at: written_at(app, &figures).await?,
        choices: figures
            .pledges
            .iter()
            .map(|line| choice(line, language))
            .collect(),
        lines: figures
            .pledges
            .iter()
            .map(|line| shown_line(line, language))
            .collect(),
        page,
        forms,
        wrong,
    };
    render_form_page(visitor, app, shown.page.has_errors, &shown)
}

/// How many people did something: none, few, or the number.
fn people_text(count: Option<usize>, none: &str, few: &str, many: &str) -> String {
    match count {
        None => few.to_owned(),
        Some(0) => none.to_owned(),
        Some(count) => many.replacen("{}", &count.to_string(), 1),
    }
}

fn choice(line: &PledgeFiguresLine, language: Language) -> (String, String) {
    let pledge = &line.pledge;
    let words = pledge.words_in(language);
    let label = match pledge.not_before {
        Some(day) => {
            let from = translate_with("from {}", &format_day(day, language), language);
            format!("{words} ({from})")
        }
        None => words.to_owned(),
    };
    (pledge.pledge.to_string(), label)
}

fn shown_line(line: &PledgeFiguresLine, language: Language) -> PledgeLine {
    let taken = people_text(
        line.taken,
        translate("No one has pledged this yet.", language),
        translate("Fewer than five people pledged this.", language),
        translate("{} people pledged this.", language),
    );
    let kept = people_text(
        line.kept,
        "",
        translate("Fewer than five did it.", language),
        translate("{} did it.", language),
    );
    PledgeLine {
        words: line.pledge.words_in(language).to_owned(),
        figures: format!("{taken} {kept}").trim_end().to_owned(),
    }
}

/// The gathering at which people wrote the pledges together, if everyone may see it.
async fn written_at(
    app: &AppState,
    figures: &PledgeFigures,
) -> Result<Option<(String, String)>, PageError> {
    let Some(gathering) = figures.written_at else {
        return Ok(None);
    };
    let row: Option<GatheringRow> = app.views.find(gathering, None).await?;
    let row = row.filter(GatheringRow::is_public);
    Ok(row.map(|row| (format!("/gatherings/{}", row.id), row.title)))
}

pub(super) async fn show_thanks(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    if visitor.signed_in.is_none() {
        return Ok(see_other("/champions"));
    }
    let row: Option<PersonRow> = app.views.find(visitor.person()?, None).await?;
    let since = row.and_then(|row| row.unproven_since);
    let today = day_of(app.commands.now());
    let title = translate("Thank you", visitor.language);
    let page = PageContext::load(&visitor, &app, title).await?;
    render_page(&PledgedPage {
        page,
        kept_until: since.map(unproven::last_day).filter(|day| *day >= today),
    })
}
