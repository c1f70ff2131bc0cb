//! The page at `/_fathuss/`: what the world holds, for a browser. It needs nothing but itself.

use std::fmt::Write;

use jiff::Timestamp;

use crate::inventory::Resource;
use crate::{Holder, Simulator, WorldError};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--quiet:#59636e;--ground:#fff;--line:#d1d9e0;--good:#116329;--busy:#7d4e00;\
--bad:#a40e26}\
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9198a1;--ground:#0d1117;--line:#3d444d;--good:#56d364;\
--busy:#e3b341;--bad:#ff7b72}}\
*{box-sizing:border-box}\
body{margin:0 auto;padding:1rem clamp(.25rem,3vw,2rem);max-width:75rem;font:1rem/1.5 system-ui,sans-serif;\
color:var(--ink);background:var(--ground);overflow-wrap:anywhere}\
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .25rem}\
p{margin:.25rem 0;color:var(--quiet)}\
table{width:100%;border-collapse:collapse;font-size:.9rem}\
th,td{padding:.25rem .5rem .25rem 0;text-align:left;vertical-align:top;border-top:1px solid var(--line)}\
th{font-weight:600;width:22%}td.id{width:36%;font-family:ui-monospace,monospace}td.state{width:16%}\
.good{color:var(--good)}.busy{color:var(--busy)}.bad{color:var(--bad)}\
@media (max-width:40rem){tr{display:block;border-top:1px solid var(--line);padding:.25rem 0}\
th,td,td.id,td.state{display:block;width:auto;border:0;padding:0}td:empty{display:none}}";

/// The page as it is now.
pub(crate) fn page(simulator: &Simulator) -> Result<String, WorldError> {
    Ok(render(&simulator.inventory()?, simulator.now(), &simulator.holder()))
}

fn render(resources: &[Resource], now: Timestamp, holder: &Holder) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Fathuss sandbox</title>\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<style>{STYLE}</style></head>\n<body>\n\
         <h1>Fathuss sandbox</h1>\n<p>{}, served by process {} since {}.</p>\n",
        count(resources.len()),
        holder.pid,
        holder.since.strftime("%Y-%m-%d %H:%M UTC"),
    );
    page.push_str(&format!("<p>The world's time is {}.</p>\n", now.strftime("%Y-%m-%d %H:%M:%S UTC")));
    for group in resources.chunk_by(|one, next| place(one) == place(next)) {
        let [first, ..] = group else { continue };
        let region = if first.region.is_empty() { "all regions" } else { &first.region };
        // Writing into a text cannot fail.
        let _ = writeln!(
            page,
            "<h2>{} in {}, account {}</h2>\n<p>{}</p>\n<table>",
            escape(&first.service),
            escape(region),
            escape(&first.account),
            count(group.len()),
        );
        for resource in group {
            let state = resource.state.as_deref().unwrap_or_default();
            let _ = writeln!(
                page,
                "<tr><th scope=\"row\">{}</th><td class=\"id\">{}</td><td>{}</td><td class=\"state {}\">{}</td></tr>",
                escape(&resource.kind),
                escape(&resource.id),
                escape(resource.name.as_deref().unwrap_or_default()),
                mood(state),
                escape(state),
            );
        }
        page.push_str("</table>\n");
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn place(resource: &Resource) -> (&str, &str, &str) {
    (&resource.account, &resource.region, &resource.service)
}

fn count(resources: usize) -> String {
    match resources {
        1 => "1 resource".to_owned(),
        several => format!("{several} resources"),
    }
}

/// Whether a state is where a resource rests, where it failed, or on its way.
fn mood(state: &str) -> &'static str {
    let state = state.to_lowercase();
    if state.contains("fail") || state.contains("error") || state.contains("degraded") {
        return "bad";
    }
    match state.as_str() {
        "" => "",
        "active" | "available" | "in-use" | "running" | "associated" => "good",
        "stopped" | "terminated" | "deleted" => "",
        _ => "busy",
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn the_page_shows_what_is_there_and_what_a_name_holds_stays_text() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let name =
            [("ResourceId.1", vpc.as_str()), ("Tag.1.Key", "Name"), ("Tag.1.Value", "<script>alert(1)</script>")];
        client.ec2("CreateTags", &name).await;
        let request = http::Request::builder().uri("http://localhost/_fathuss/").body(bytes::Bytes::new()).unwrap();
        let answer = client.simulator.handle(request).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        let page = String::from_utf8(answer.body().to_vec()).unwrap();
        assert!(page.contains(&vpc), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(!page.contains("<script"));
    }
}
