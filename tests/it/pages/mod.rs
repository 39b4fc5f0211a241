//! Pages of groups and of the office.

pub mod contacts;
pub mod desk_errors;
pub mod error_pages;
pub mod first_day;
pub mod form_retries;
pub mod group_pages;
pub mod journeys;
pub mod kept_forms;
pub mod lists;
pub mod mailed_notices;
pub mod meeting;
pub mod news;
pub mod office_pages;
pub mod one_thing_a_page;
pub mod panel_days;
pub mod public_pages;
pub mod question_kinds;
pub mod same_groups;
pub mod sending;
pub mod sign_in;
pub mod spreadsheets;
pub mod statements;
pub mod through_lists;
pub mod two_tabs;
pub mod typed_texts;
pub mod unfinished_answers;
