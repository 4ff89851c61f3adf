// The font of formulas is in a style sheet, and yet some browsers load it only once a formula is
// laid out: after the first paint, which then moves. Asked for here, it is there before.
document.fonts.load("1em 'Latin Modern Math'");
