//! Parts of other programs' files that are not in the neutral dataset: read in another form, counted, or refused.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "common/files.rs"]
mod files;

use files::error;

#[test]
fn cvat_refuses_numbers_that_are_not_finite_and_names_the_line() {
    let said = |element: &str| {
        let image = format!("<image id=\"0\" name=\"a.jpg\" width=\"20\" height=\"10\">\n{element}\n</image>");
        error("cvat", &[("a.xml", &format!("<annotations>\n{image}\n</annotations>"))], &[])
    };
    let box_from = |xtl: &str| said(&format!("<box label=\"a\" xtl=\"{xtl}\" ytl=\"1\" xbr=\"2\" ybr=\"3\"/>"));
    assert_eq!(box_from("NaN"), "a.xml, line 3, xtl: \"NaN\" is not a number");
    assert_eq!(box_from("-inf"), "a.xml, line 3, xtl: \"-inf\" is not a number");
    assert_eq!(said("<points label=\"a\" points=\"1,2;3,nan\"/>"), "a.xml, line 3, points: expected x,y;x,y");
}
