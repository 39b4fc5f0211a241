//! The addresses of the desk. One route shows all pages, see [`super::render_page_at`]; each form
//! has an address of its own.

use actix_web::web;

use super::{
    aim_texts, assisted_entry, bank, barriers, erase, form_editor, fund_words, gatherings, group,
    group_members, import, introductions, list, outbox, panel, payments, pledges, rounds, settings,
    setup, show, signs, submit_command, tell, themes, webhooks,
};

/// Registers the desk. The addresses of the commands come last, because their pattern also matches
/// other forms.
pub(in crate::http::pages) fn configure(config: &mut web::ServiceConfig) {
    config
        .configure(setup::configure)
        .configure(panel_forms)
        .configure(list_forms)
        .configure(money_forms)
        .configure(other_forms)
        .configure(commands_and_pages);
}

/// Scoring, and the meeting of a panel.
fn panel_forms(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/desk/do/meeting/{fund}/{round}")
                .route(web::post().to(panel::record_meeting)),
        )
        .service(
            web::resource("/desk/do/score/{fund}/{round}/{application}")
                .route(web::post().to(panel::submit_score)),
        )
        .service(
            web::resource("/desk/panel/{fund}/{round}/record")
                .route(web::get().to(show))
                .route(web::post().to(panel::go_back)),
        )
        .service(
            web::resource("/desk/panel/{fund}/{round}/check")
                .route(web::get().to(show))
                .route(web::post().to(panel::check)),
        );
}

/// Acting on many records together, and saved views.
fn list_forms(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/desk/bulk/{list}").route(web::post().to(list::confirm_bulk)))
        .service(web::resource("/desk/bulk/{list}/run").route(web::post().to(list::run_bulk)))
        .service(web::resource("/desk/do/views").route(web::post().to(list::save_view)))
        .service(
            web::resource("/desk/do/views/{view}/delete").route(web::post().to(list::delete_view)),
        );
}

/// Batches of payments, and the bank.
fn money_forms(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/desk/do/batch/{fund}").route(web::post().to(payments::send_batch)))
        .service(
            web::resource("/desk/do/bank-file/{fund}/{batch}")
                .route(web::post().to(bank::make_file)),
        )
        .service(
            web::resource("/desk/do/bank-statement").route(web::post().to(bank::preview_statement)),
        )
        .service(
            web::resource("/desk/do/bank-entries").route(web::post().to(bank::record_entries)),
        );
}

/// Forms that are more than one command.
fn other_forms(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/desk/do/signs").route(web::post().to(signs::adopt)))
        .service(web::resource("/desk/do/themes").route(web::post().to(themes::adopt)))
        .service(web::resource("/desk/do/aims").route(web::post().to(aim_texts::adopt)))
        .service(web::resource("/desk/do/settings").route(web::post().to(settings::submit)))
        .service(
            web::resource("/desk/do/fund-words/{fund}").route(web::post().to(fund_words::submit)),
        )
        .service(web::resource("/desk/do/round/{fund}").route(web::post().to(rounds::plan)))
        .service(web::resource("/desk/do/import").route(web::post().to(import::submit)))
        .service(
            web::resource("/desk/do/keyed").route(web::post().to(assisted_entry::submit_entry)),
        )
        .service(
            web::resource("/desk/do/keyed/{group}")
                .route(web::post().to(assisted_entry::submit_with_scans)),
        )
        .service(web::resource("/desk/do/form").route(web::post().to(form_editor::submit_form)))
        .service(web::resource("/desk/do/mails/{mail}").route(web::post().to(outbox::resend_mail)))
        .service(web::resource("/desk/do/tell/{mail}").route(web::post().to(tell::submit_told)))
        .service(
            web::resource("/desk/do/tell/{mail}/email")
                .route(web::post().to(tell::submit_email_instead)),
        )
        .service(
            web::resource("/desk/do/tell/{mail}/back").route(web::post().to(tell::submit_back)),
        )
        .service(
            web::resource("/desk/do/new-member/{group}")
                .route(web::post().to(group_members::register)),
        )
        .service(
            web::resource("/desk/do/gathering-sign-up/{gathering}/{session}")
                .route(web::post().to(gatherings::sign_up)),
        )
        .service(
            web::resource("/desk/do/attendance/{gathering}/{session}")
                .route(web::post().to(gatherings::record_attendance)),
        )
        .service(web::resource("/desk/do/talk").route(web::post().to(introductions::submit_talk)))
        .service(
            web::resource("/desk/do/barriers/raise-for").route(web::post().to(barriers::raise_for)),
        )
        .service(web::resource("/desk/do/pledges").route(web::post().to(pledges::publish)))
        .service(web::resource("/desk/do/files/{group}").route(web::post().to(group::upload_file)))
        .service(
            web::resource("/desk/do/webhooks/{webhook}/resume")
                .route(web::post().to(webhooks::resume)),
        )
        .service(
            web::resource("/desk/do/webhooks/{webhook}/secret")
                .route(web::post().to(webhooks::make_secret)),
        )
        .service(
            web::resource("/desk/do/webhooks/{webhook}/{delivery}/send-again")
                .route(web::post().to(webhooks::send_again)),
        )
        .service(
            web::resource("/desk/files/{group}/{file}").route(web::get().to(group::download_file)),
        );
}

/// The forms of single commands, and all pages.
fn commands_and_pages(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/desk/do/erase/{noun}/{id}").route(web::post().to(erase::submit)))
        .service(web::resource("/desk").route(web::get().to(show)))
        .service(
            web::resource("/desk/do/{noun}/{command}")
                .route(web::post().to(submit_command::submit_new)),
        )
        .service(
            web::resource("/desk/do/{noun}/{id}/{command}")
                .route(web::post().to(submit_command::submit_to)),
        )
        .service(
            web::resource("/desk/try/{noun}/{command}")
                .route(web::post().to(submit_command::preview)),
        )
        .service(web::resource("/desk/{page:.*}").route(web::get().to(show)));
}
