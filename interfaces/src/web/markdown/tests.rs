//! What is written is safe, whatever is read; and says what the text says.

use super::*;
use proptest::prelude::*;

fn leads(target: &str) -> Option<String> {
    (target != "dead").then(|| target.to_owned())
}

fn html(body: &str) -> String {
    render("The title", body, &leads).html.trim().to_owned()
}

#[track_caller]
fn check(body: &str, expected: &str) {
    assert_eq!(html(body), expected, "{body:?}");
}

#[test]
fn a_text_is_shown_as_it_is_meant() {
    check("# The title\n\nDrain *the* **pool**.\n", "<p>Drain <em>the</em> <strong>pool</strong>.</p>");
    check("- a\n- b\n", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>");
    check("3. a\n\n4. b\n", "<ol start=\"3\">\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ol>");
    check("> a\n", "<blockquote>\n<p>a</p>\n</blockquote>");
    check("`a<b` ~~c~~\n", "<p><code>a&lt;b</code> <del>c</del></p>");
    check(
        "```sh\ndf -h | less\n```\n",
        "<figure class=\"code\"><figcaption>sh</figcaption><pre tabindex=\"0\"><code>df -h | less</code></pre></figure>",
    );
    check(
        "```mermaid\ngraph TD; a-->b\n```\n",
        "<figure class=\"code\"><figcaption>mermaid diagram, as its source</figcaption>\
         <pre tabindex=\"0\"><code>graph TD; a--&gt;b</code></pre></figure>",
    );
    check(
        "- [x] a\n- [ ] b\n",
        "<ul>\n<li class=\"task\"><span class=\"hidden\">Done: </span><span aria-hidden=\"true\">☑ </span>a</li>\n\
         <li class=\"task\"><span class=\"hidden\">To do: </span><span aria-hidden=\"true\">☐ </span>b</li>\n</ul>",
    );
    let table = html("| a | b |\n|---|--:|\n| 1 | 2 |\n");
    assert!(table.contains("<th scope=\"col\">a</th><th scope=\"col\" class=\"right\">b</th></tr></thead>"), "{table}");
    assert!(table.contains("<tbody><tr><td>1</td><td class=\"right\">2</td></tr>\n</tbody></table></div>"), "{table}");
}

#[test]
fn links_lead_where_they_may() {
    check("[[how-to/renew]]\n", "<p><a href=\"/articles/how-to/renew\">how-to/renew</a></p>");
    check("[[how-to/renew#Step 2|renew it]]\n", "<p><a href=\"/articles/how-to/renew#s-step-2\">renew it</a></p>");
    check("[[dead]]\n", "<p><span class=\"dead\">dead<span class=\"hidden\"> (no such page yet)</span></span></p>");
    check(
        "[x](https://example.org/?a=1&b=2)\n",
        "<p><a href=\"https://example.org/?a=1&amp;b=2\" class=\"out\" rel=\"noopener noreferrer nofollow\">x</a></p>",
    );
    check("[x](javascript:alert(1))\n", "<p>x <code class=\"address\">javascript:alert(1)</code></p>");
    check(
        "![a plan](https://example.org/p.png)\n",
        "<p><a href=\"https://example.org/p.png\" class=\"out\" rel=\"noopener noreferrer nofollow\">Picture: a plan</a></p>",
    );
    assert!(html("see https://example.org.\n").contains("<a href=\"https://example.org\" class=\"out\""));
}

#[test]
fn html_of_a_text_is_shown_as_text() {
    check(
        "a <b onclick=\"x()\">c</b>\n",
        "<p>a <code>&lt;b onclick=&quot;x()&quot;&gt;</code>c<code>&lt;/b&gt;</code></p>",
    );
    let block = html("<script>alert(1)</script>\n");
    assert!(!block.contains("<script") && block.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{block}");
}

#[test]
fn no_level_of_headings_is_skipped_and_each_has_a_place_of_its_own() {
    let shown = render("T", "# T\n\n## A\n\n##### B\n\n## A\n", &leads);
    assert_eq!(shown.html, "<h2 id=\"s-a\">A</h2>\n<h3 id=\"s-b\">B</h3>\n<h2 id=\"s-a-2\">A</h2>\n");
    let outline: Vec<_> = shown.outline.iter().map(|h| (h.id.as_str(), h.text.as_str(), h.below)).collect();
    assert_eq!(outline, [("s-a", "A", false), ("s-b", "B", true), ("s-a-2", "A", false)]);
    // another title is no repetition
    assert_eq!(html("# Another\n"), "<h2 id=\"s-another\">Another</h2>");
}

#[test]
fn footnotes_lead_there_and_back() {
    let shown = html("One[^b], two[^a], one[^b].\n\n[^a]: the first\n\n[^b]: the second\n\n[^c]: nobody asks\n");
    let second = shown.find("id=\"note-1\"").unwrap();
    let first = shown.find("id=\"note-2\"").unwrap();
    assert!(second < first && shown[second..first].contains("the second"), "{shown}");
    assert!(shown.contains("<a id=\"ref-1-2\" href=\"#note-1\">"), "{shown}");
    assert_eq!(shown.matches("href=\"#ref-1-").count(), 2, "{shown}");
    assert!(shown.contains("nobody asks"), "{shown}");
}

#[test]
fn what_nests_too_deeply_or_is_too_long_stays_readable() {
    let deep = format!("{}deep\n", "> ".repeat(5_000));
    assert!(html(&deep).starts_with("<pre class=\"plain\" tabindex=\"0\">&gt; &gt;"));
    let long = "[^1]".repeat(120_000) + "\n\n[^1]: x\n";
    let shown = html(&long);
    assert!(shown.len() < 2 * LIMIT && shown.contains("The text is longer than a page shows"), "{}", shown.len());
}

/// Every tag of a page with its attributes.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find('>').expect("a tag ends");
        let (tag, after) = (&rest[..end], &rest[end + 1..]);
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut read = Vec::new();
        while let Some((attribute, value)) = attributes.split_once("=\"") {
            let (value, more) = value.split_once('"').expect("a value ends");
            read.push((attribute.trim().to_owned(), value.to_owned()));
            attributes = more;
        }
        assert_eq!(attributes.trim(), "", "nothing stands beside attributes: {tag}");
        tags.push((name.to_owned(), read));
        rest = after;
    }
    tags
}

const ELEMENTS: &str = "a blockquote br code del div em figcaption figure h2 h3 h4 h5 h6 hr li ol p pre section span strong sup \
                        table tbody td th thead tr ul";
const ATTRIBUTES: &str = "aria-hidden aria-label class href id rel role scope start tabindex";

/// That a page holds nothing but what this module writes, all of it closed where it belongs.
fn is_safe(html: &str) {
    let mut open: Vec<String> = Vec::new();
    for (name, attributes) in tags(html) {
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "{html}");
            continue;
        }
        assert!(ELEMENTS.split_whitespace().any(|known| known == name), "<{name}> in {html}");
        for (attribute, value) in attributes {
            assert!(ATTRIBUTES.split_whitespace().any(|known| known == attribute), "{attribute} in {html}");
            if attribute == "href" {
                let value = value.to_lowercase();
                let leads = ["/articles/", "#", "http://", "https://", "mailto:"];
                assert!(leads.iter().any(|begins| value.starts_with(begins)), "{value} in {html}");
            }
        }
        if name != "br" && name != "hr" {
            open.push(name);
        }
        assert!(open.len() <= 2 * DEPTH + 8, "{} elements are open", open.len());
    }
    assert!(open.is_empty(), "{open:?} stay open in {html}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn nothing_but_what_this_module_writes_is_in_a_page(
        body in "([a-z] |\\PC|[\n\r>#*`|~<>&\"'=\\[\\]()!-]|    |\n\n|<script>|</script>|<img src=x onerror=y>|\\[a\\]\\(|javascript:|JAVASCRIPT:|\\[\\[|\\]\\]|\\]\\(java|&#106;avascript:|&colon;|data:text/html,|https://a.b/|\\[\\^a\\]|\n\\[\\^a\\]: |\\[b\\]: java|script:x|\n```|\n- \\[x\\] |\n1\\. |\n> |\n## |\n\\| a \\| b \\|\n\\|---\\|---\\|\n|<!--|-->|onclick=\"x\"|\" onmouseover=\"|style=){0,50}",
        title in "\\PC{0,8}",
    ) {
        is_safe(&render(&title, &body, &leads).html);
    }

    #[test]
    fn any_text_is_shown(body in any::<String>()) {
        is_safe(&render("", &body, &|_| None).html);
    }
}

#[test]
fn known_attacks_come_to_nothing() {
    for attack in [
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](&#x6A;avascript:alert(1))",
        "[a](java\tscript:alert(1))",
        "[a]: javascript:alert(1)\n\n[a]",
        "<javascript:alert(1)>",
        "![\" onload=\"alert(1)](x)",
        "[a](https://x.example \"\\\" onmouseover=\\\"alert(1)\")",
        "[a](https://x.example/\"onmouseover=alert(1))",
        "[[javascript:alert(1)]]",
        "[[a\" onclick=\"x|b]]",
        "# <script>alert(1)</script>",
        "```<script>\nx\n```",
        "[^\"><script>]: x\n\nx[^\"><script>]",
        "<svg/onload=alert(1)>",
        "<!--><script>alert(1)</script>-->",
        "</article></main><script>alert(1)</script>",
    ] {
        let shown = render("", attack, &leads).html;
        is_safe(&shown);
        assert!(!shown.to_lowercase().contains("<script"), "{attack}: {shown}");
    }
}
