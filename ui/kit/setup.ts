/** The window's styles: what is hidden by them cannot be clicked. */
import "../src/tokens.css";
import "../src/base.css";
