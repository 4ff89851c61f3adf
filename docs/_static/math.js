// The font of formulas is in a style sheet, and yet Firefox loads it only once a formula is laid out:
// after the first paint, which then moves. Asked for here, it starts before; tests in browsers see
// whether it is there in time.
document.fonts.load("1em 'Latin Modern Math'");
