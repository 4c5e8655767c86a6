//! Builds again when the window's files change, which are embedded.

fn main() {
    println!("cargo::rerun-if-changed=../../../ui/dist");
}
