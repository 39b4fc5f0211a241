//! Code that the pages of the group and of the person share: the group as it was entered, and the
//! start of the draft. The person can return to the draft later.

use actix_web::{HttpRequest, HttpResponse};

use super::{sections, start};
use crate::clock;
use crate::commands::Caller;
use crate::domain::application::{ChooseLanguage, SaveAnswers, StartApplication};
use crate::domain::group::{GroupMaturity, RegisterGroup};
use crate::domain::language::Language;
use crate::domain::text::Name;
use crate::domain::{ApplicationCommand, ApplicationId, Command, FundId, GroupId};
use crate::http::AppState;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::newcomer::execute_step;
use crate::http::pages::words::place_name;
use crate::http::pages::{FormData, PageError, Visitor, see_other, sign_in};
use crate::projections::{FundRow, GroupRow};

/// The group as it was entered. The pages pass it on in their query until the person is known; only
/// then is it registered.
#[derive(Clone, Debug, Default)]
pub(super) struct TypedGroup {
    pub name: String,
    pub area: String,
    pub standing: String,
}

impl TypedGroup {
    pub(super) fn from_query(request: &HttpRequest) -> Self {
        let query = |name| sign_in::query_param(request, name);
        Self {
            name: query("name"),
            area: query("area"),
            standing: query("standing"),
        }
    }

    /// The query that passes the group on to another page.
    pub(super) fn to_query(&self) -> String {
        serde_html_form::to_string([
            ("name", &self.name),
            ("area", &self.area),
            ("standing", &self.standing),
        ])
        .unwrap_or_default()
    }

    pub(super) fn from_form(posted: &FormData) -> Self {
        let text = |name| posted.text(name).to_owned();
        Self {
            name: text("name"),
            area: text("area"),
            standing: text("standing"),
        }
    }

    /// Parses the entered group, or lists the errors by field.
    pub(super) fn parse(
        &self,
        fund: &FundRow,
        language: Language,
    ) -> Result<RegisterGroup, FieldErrors> {
        let mut wrong = Vec::new();
        let mut miss = |field: &str, says: &str| {
            wrong.push((field.to_owned(), translate(says, language).to_owned()));
        };
        let name = self.name.parse::<Name>();
        if name.is_err() {
            miss(
                "name",
                if self.name.is_empty() {
                    "Enter the name of your group"
                } else {
                    "Enter a name of at most 100 letters, without a web address"
                },
            );
        }
        let standing = match self.standing.as_str() {
            "existing" => Some(GroupMaturity::Existing),
            "new" => Some(GroupMaturity::New),
            _ => None,
        };
        if standing.is_none() {
            miss("standing", "Say whether your group is new");
        }
        let area = fund
            .areas
            .iter()
            .find(|area| area.as_str() == self.area)
            .cloned();
        if area.is_none() {
            miss("area", "Choose where your group is");
        }
        match (name, area, standing) {
            (Ok(name), Some(area), Some(standing)) => Ok(RegisterGroup {
                name,
                area,
                standing,
                member: None,
            }),
            _ => Err(wrong),
        }
    }
}

/// The answer to whether a group is new.
pub(super) fn standing_text(standing: GroupMaturity, language: Language) -> &'static str {
    let says = match standing {
        GroupMaturity::New => "Yes, we are just starting",
        GroupMaturity::Existing => "No, we already meet",
    };
    translate(says, language)
}

/// The text about a name or area that a member proposed and the office has not decided on.
pub(in crate::http::pages) fn correction_notice(
    row: &GroupRow,
    language: Language,
) -> Option<String> {
    let proposed = row.proposed.as_ref()?;
    let (says, to) = if proposed.name == row.name {
        (
            "You asked us to change your area to {}. Someone in our office will check it first.",
            place_name(&proposed.area),
        )
    } else {
        (
            "You asked us to change your group’s name to {}. Someone in our office will check it \
                first.",
            proposed.name.clone(),
        )
    };
    Some(translate_with(says, &to, language))
}

/// Starts the draft with the group's area and the visitor's language, and redirects to its first
/// question.
pub(super) async fn start_application(
    request: &HttpRequest,
    app: &AppState,
    posted: &FormData,
    visitor: &Visitor,
    caller: Caller,
    group: GroupId,
    area: &str,
) -> Result<HttpResponse, PageError> {
    let (fund, ..) = start::round_of_request(request, app).await?;
    let round = request
        .match_info()
        .query("round")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let start = StartApplication {
        fund: FundId(fund.id),
        round,
        group,
        late: false,
    };
    let start = Command::Application(
        ApplicationId(clock::new_id()),
        ApplicationCommand::Start(start),
    );
    let id = ApplicationId(execute_step(app, posted, visitor, &caller, "/start", start).await?);
    if visitor.language != Language::En {
        let choose = ApplicationCommand::ChooseLanguage(ChooseLanguage {
            language: visitor.language,
            helper: None,
            spoken_language: None,
        });
        execute_step(
            app,
            posted,
            visitor,
            &caller,
            "/language",
            Command::Application(id, choose),
        )
        .await?;
    }
    if let Some(area) = fund.areas.iter().find(|known| known.as_str() == area) {
        let answers = ApplicationCommand::SaveAnswers(SaveAnswers {
            area: Some(area.clone()),
            ..SaveAnswers::default()
        });
        execute_step(
            app,
            posted,
            visitor,
            &caller,
            "/area",
            Command::Application(id, answers),
        )
        .await?;
    }
    Ok(see_other(&format!(
        "/my/applications/{id}/answer/{}",
        sections::ACTIVITY
    )))
}
