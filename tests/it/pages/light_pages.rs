//! Pages forbid scripts and frames, and those of applicants are light.

use super::journeys::{serve_office, signed_in};
use crate::support::browser::Browser;
use crate::support::test_app::TestApp;

on_sqlite!(every_page_forbids_scripts_and_frames);
async fn every_page_forbids_scripts_and_frames(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    for path in [
        "/",
        "/apply",
        "/help",
        "/impact",
        "/gatherings",
        "/directory",
        "/heard",
        "/heard/tell",
        "/champions",
        "/learning",
        "/sign-in",
        "/desk",
        "/desk/applications",
        "/desk/figures",
        "/desk/network",
        "/desk/value",
        "/desk/log",
        "/no-such-page",
    ] {
        let page = browser.get(path);
        let policy = page.headers.get("content-security-policy").expect(path);
        assert!(
            policy.starts_with("default-src 'none'")
                && !policy.contains("unsafe")
                && !policy.contains("script"),
            "{path}: {policy}"
        );
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"),
            "{path}"
        );
        for inline in ["<script", " style=\"", " onclick", " onload", "javascript:"] {
            assert!(!page.contains(inline), "{path} has {inline}");
        }
        assert_eq!(
            page.headers
                .get("x-content-type-options")
                .map(String::as_str),
            Some("nosniff"),
            "{path}"
        );
    }
}

on_sqlite!(an_applicants_pages_are_light);
async fn an_applicants_pages_are_light(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);
    let home = browser.get("/");
    let styles = home
        .text
        .split("href=\"")
        .find_map(|rest| {
            rest.split('"')
                .next()
                .filter(|path| path.starts_with("/assets/") && path.contains(".css"))
        })
        .unwrap()
        .to_owned();
    let weight = |path: &str| {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut response = agent
            .get(format!("{address}{path}"))
            .header("Accept-Encoding", "gzip")
            .call()
            .unwrap();
        response
            .headers()
            .get("content-length")
            .and_then(|length| length.to_str().ok()?.parse().ok())
            .unwrap_or_else(|| response.body_mut().read_to_vec().unwrap().len())
    };
    let pictures: Vec<&str> = home
        .text
        .split("<img ")
        .skip(1)
        .filter_map(|rest| rest.split("src=\"").nth(1)?.split('"').next())
        .collect();
    assert_eq!(pictures.len(), 1, "{pictures:?}");
    let bytes = weight(pictures[0]);
    assert!(bytes < 60_000, "{pictures:?}: {bytes} bytes");
    for path in [
        "/".to_owned(),
        "/apply".to_owned(),
        start.clone(),
        format!("{start}/form"),
        format!("{start}/fits"),
        format!("{start}/group"),
    ] {
        let page = browser.get(&path);
        let others = page.text.matches("<link rel=\"stylesheet\"").count()
            + page.text.matches("<script").count();
        assert_eq!(
            others, 1,
            "{path}: the page, then its styles: two round trips"
        );
        assert_eq!(
            page.text.matches("<img").count(),
            usize::from(path == "/"),
            "{path}: the first page alone has a picture, and nothing waits for it"
        );
        let bytes = page.text.len() + weight(&styles);
        assert!(
            bytes < 60_000,
            "{path}: {bytes} bytes even before the page itself is compressed"
        );
    }
}
