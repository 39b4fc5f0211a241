//! What a fund or a round still needs: for each item, whether it exists, and the page that provides
//! it.
//!
//! The domain refuses only what it must. This list shows other gaps before they stop someone's
//! work, such as an agreement that is missing when the panel awards.

use crate::domain::fund::{FundState, RoundState};
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::domain::{Organisation, Person, Role};
use crate::http::AppState;
use crate::http::pages::PageError;
use crate::http::pages::charts::{DaySelection, totals_query};
use crate::http::pages::site::SiteDetails;
use crate::projections::{FundRow, OrganisationRow, RoundRow};
use crate::views::GroupBy;

/// One thing that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http::pages) struct Readiness {
    /// What it is, as a heading.
    pub what: &'static str,
    pub ready: bool,
    /// What is there, or what is missing.
    pub words: String,
    /// The page that provides it.
    pub link: String,
}

impl Readiness {
    fn new(what: &'static str, ready: bool, words: impl Into<String>, link: &str) -> Self {
        Self {
            what,
            ready,
            words: words.into(),
            link: link.to_owned(),
        }
    }
}

const NO_EMAIL_SERVER: &str = "No email server is set up, so we cannot send email.";

/// How many things of a list are ready.
pub(in crate::http::pages) fn ready_count(list: &[Readiness]) -> usize {
    list.iter().filter(|item| item.ready).count()
}

/// What the organisation needs before any fund can work.
pub(in crate::http::pages) async fn organisation_readiness(
    app: &AppState,
) -> Result<Vec<Readiness>, PageError> {
    let organisation = organisation(app).await?;
    let administrators = proven_administrators(app, &organisation).await?;
    let own: Option<OrganisationRow> = app.views.find(app.commands.organisation(), None).await?;
    let telephone = SiteDetails::in_force(own.as_ref(), &app.site, Language::En).telephone;
    let sends = app.site.mail_folder.is_none() || app.site.uses_own_server(own.as_ref());
    let mut list = vec![
        Readiness::new(
            "Phone number",
            !telephone.is_empty(),
            if telephone.is_empty() {
                "Groups read that they can phone you, and no number is set.".to_owned()
            } else {
                telephone
            },
            "/desk/settings",
        ),
        Readiness::new(
            "Two administrators",
            administrators >= 2,
            match administrators {
                0 => "Two administrators must sign in by an email link.".to_owned(),
                1 => "One has signed in by an email link. A second must do so too.".to_owned(),
                many => format!("{many} have signed in by an email link."),
            },
            "/desk/people",
        ),
        Readiness::new(
            "Email",
            sends && administrators >= 1,
            match (sends, administrators) {
                (false, _) => NO_EMAIL_SERVER,
                (true, 0) => "We do not know yet if our emails arrive.",
                (true, _) => "Someone has opened a link from one of our emails.",
            },
            "/desk/texts/mails",
        ),
    ];
    list.extend(published_readiness(&organisation));
    Ok(list)
}

/// The texts that have to be published.
fn published_readiness(organisation: &Organisation) -> [Readiness; 3] {
    let (agreement, signs) = (organisation.agreement(), organisation.signs_version());
    let newest = organisation
        .forms()
        .next()
        .map(|(_, _, questions)| questions.len());
    [
        Readiness::new(
            "Application questions",
            newest.is_some(),
            match newest {
                None => "Publish the questions first.".to_owned(),
                Some(count) => format!("{count} questions of your own are published."),
            },
            "/desk/texts/form",
        ),
        Readiness::new(
            "Signs of success",
            signs > 0,
            if signs > 0 {
                "Chosen. Groups report against them."
            } else {
                "Choose the signs that groups report against."
            },
            "/desk/texts/signs",
        ),
        Readiness::new(
            "Grant agreement",
            agreement.is_some(),
            match agreement {
                None => "Publish an agreement before you award a grant.".to_owned(),
                Some((version, _)) => format!("Version {version} is published."),
            },
            "/desk/texts/agreement",
        ),
    ]
}

/// What a fund needs: what the organisation needs, and its own people, money and rounds.
pub(in crate::http::pages) async fn fund_readiness(
    app: &AppState,
    fund: &FundRow,
) -> Result<Vec<Readiness>, PageError> {
    let mut list = organisation_readiness(app).await?;
    let organisation = organisation(app).await?;
    let needed = usize::from(fund.rules.people_per_payment);
    let approvers = organisation.approver_count();
    list.push(Readiness::new(
        "People who approve payments",
        approvers >= needed,
        format!("{approvers} of the {needed} you need."),
        "/desk/people",
    ));
    list.push(panel_readiness(
        &organisation,
        usize::from(fund.rules.quorum),
    ));
    let days = DaySelection::from_query(app, "", "").await?;
    let id = fund.id.to_string();
    let line = app
        .views
        .budget(totals_query(GroupBy::Fund, Some(&id), None, &days))
        .await?
        .lines
        .pop()
        .filter(|line| !line.allocated.is_zero());
    let page = format!("/desk/funds/{id}");
    list.push(Readiness::new(
        "Money",
        line.is_some(),
        match line {
            Some(line) => format!("{} is recorded.", line.allocated),
            None => {
                "No money is recorded yet. Groups can apply, and nothing can be awarded.".into()
            }
        },
        &format!("{page}?do=allocate"),
    ));
    list.push(Readiness::new(
        "A round",
        !fund.rounds.is_empty(),
        match fund.rounds.len() {
            0 => "No round is planned yet.".to_owned(),
            1 => "One round is planned or open.".to_owned(),
            many => format!("{many} rounds."),
        },
        &format!("{page}/rounds/new"),
    ));
    Ok(list)
}

/// Whether as many people are on the panel as must decide together.
fn panel_readiness(organisation: &Organisation, quorum: usize) -> Readiness {
    let panel = organisation.holders(Role::Panel).count();
    let members = match panel {
        0 => "Nobody is on the panel yet".to_owned(),
        1 => "One member".to_owned(),
        many => format!("{many} members"),
    };
    let people = match quorum {
        1 => "one person must decide".to_owned(),
        many => format!("{many} must decide together"),
    };
    Readiness::new(
        "Panel",
        panel >= quorum,
        format!("{members}, and {people}."),
        "/desk/people",
    )
}

/// What is missing although groups can apply without it: enough people for the panel of every fund,
/// an email server, and the documents that the public pages refer to.
pub(in crate::http::pages) async fn missing_before_panel(
    app: &AppState,
    funds: &[FundRow],
) -> Result<Vec<Readiness>, PageError> {
    let own: Option<OrganisationRow> = app.views.find(app.commands.organisation(), None).await?;
    let sends = app.site.mail_folder.is_none() || app.site.uses_own_server(own.as_ref());
    let settings = own.and_then(|own| own.settings);
    let values = settings.as_ref().map(|settings| &settings.values);
    let mut list = vec![
        Readiness::new(
            "Email",
            app.site.demo || sends,
            NO_EMAIL_SERVER,
            "/desk/setup/email",
        ),
        Readiness::new(
            "Privacy notice",
            values.is_some_and(|values| values.privacy.is_some()),
            "Groups read how you use what they send you. Write it in the settings.",
            "/desk/settings",
        ),
        Readiness::new(
            "Accessibility statement",
            values.is_some_and(|values| values.accessibility.is_some()),
            "People read how you help if they cannot use the site. Write it in the settings.",
            "/desk/settings",
        ),
    ];
    let quorums = funds
        .iter()
        .filter(|fund| !matches!(fund.state, FundState::Closed | FundState::Archived))
        .map(|fund| usize::from(fund.rules.quorum));
    if let Some(quorum) = quorums.max() {
        let organisation = organisation(app).await?;
        list.insert(0, panel_readiness(&organisation, quorum));
    }
    list.retain(|item| !item.ready);
    Ok(list)
}

/// What a round needs before groups can apply to it.
pub(in crate::http::pages) async fn round_readiness(
    app: &AppState,
    fund: &FundRow,
    key: &Slug,
    round: &RoundRow,
) -> Result<Vec<Readiness>, PageError> {
    let questions = organisation(app).await?.form(round.form).map(<[_]>::len);
    let page = format!("/desk/funds/{}", fund.id);
    Ok(vec![
        Readiness::new(
            "Fund",
            fund.state == FundState::Open,
            match fund.state {
                FundState::Open => "The fund is open.",
                FundState::Draft => "Open the fund first.",
                _ => "The fund is not open for applications.",
            },
            &page,
        ),
        Readiness::new(
            "Questions",
            questions.is_some(),
            match questions {
                Some(count) => format!("{count} questions of your own."),
                None => "Its questions are not published yet.".to_owned(),
            },
            &format!("/desk/texts/form?from={}&view=preview", round.form),
        ),
        Readiness::new(
            "Opening",
            round.state != RoundState::Planned,
            if round.state == RoundState::Planned {
                "Open the round on its first day."
            } else {
                "It was opened."
            },
            &format!("{page}#round-{key}"),
        ),
    ])
}

async fn organisation(app: &AppState) -> Result<std::sync::Arc<Organisation>, PageError> {
    Ok(app
        .commands
        .log()
        .refresh::<Organisation>(app.commands.organisation().0)
        .await?
        .state)
}

/// How many administrators have signed in with a link that was emailed to them.
async fn proven_administrators(
    app: &AppState,
    organisation: &Organisation,
) -> Result<usize, PageError> {
    let mut count = 0;
    for person in organisation.holders(Role::Administrator) {
        let known = app.commands.log().load::<Person>(person.0).await?.state;
        count += usize::from(known.has_proven_address());
    }
    Ok(count)
}
