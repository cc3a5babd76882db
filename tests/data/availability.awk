# Availability a second time, by brute force: cut time at every edge, judge each piece by itself.
# In: case START END P NEEDED | c (next check) | s T STATUS | k T (mark) | m FROM TO | h FROM TO | end
# Status u, g (degraded), d or x (unknown). Each list is in order; h is the service's hours.
# Out: U D K M Um Dm degraded bridged n A-down lower-down upper-up (in 1/100,000; - for none)
BEGIN { OFMT = "%.0f"; CONVFMT = "%.0f" }
function edge(t) { if (t > start && t < stop) cut[++cuts] = t }
function share(a, b, up, q, r, i) {  # a / b in 1/100,000, digit by digit: a * 100000 may be no integer any more
    if (!b) return "-"; r = a % b; q = (a - r) / b
    for (i = 0; i < 5; i++) { r *= 10; q = q * 10 + (r - r % b) / b; r %= b }
    return q + (up && r > 0)
}
function inside(n, from, to, t, i) { for (i = 1; i <= n; i++) if (t >= from[i] && t < to[i]) return 1; return 0 }
function seen(c, t, i, s) {          # what check c was known to be at instant t
    while (at[c, now[c] + 1] != "" && at[c, now[c] + 1] <= t) now[c]++
    i = now[c]; if (!i) return "x"
    s = what[c, i]
    if (s == "k" || t >= at[c, i] + hold) return "x"
    late = t >= at[c, i] + P; return s
}
function judge(t, c, s, up, ok, bad) {
    stretched = 0; up = ok = bad = 0
    for (c = 1; c <= checks; c++) {
        s = seen(c, t)
        if (s != "x" && late) stretched = 1
        up += s == "u"; ok += s == "u" || s == "g"; bad += s == "d"
    }
    return up >= needed ? "u" : ok >= needed ? "g" : checks - bad < needed ? "d" : "x"
}
function sort(i, j, v) { for (i = 2; i <= cuts; i++) { v = cut[i]; for (j = i - 1; j && cut[j] > v; j--) cut[j + 1] = cut[j]; cut[j + 1] = v } }
$1 == "case" {
    split("", at); split("", what); split("", now); split("", cut); split("", sum)
    start = $2; stop = $3; P = $4; needed = $5; hold = int(P * 5 / 2)
    cuts = checks = n = ms = hs = runs = 0; cut[++cuts] = start; cut[++cuts] = stop
}
$1 == "c" { checks++; n = 0 }
$1 == "s" || $1 == "k" { at[checks, ++n] = $2; what[checks, n] = $1 == "k" ? "k" : $3; edge($2) }
$1 == "s" { edge($2 + P); edge($2 + hold) }
$1 == "m" { mf[++ms] = $2; mt[ms] = $3; edge($2); edge($3) }
$1 == "h" { hf[++hs] = $2; ht[hs] = $3; edge($2); edge($3) }
$1 == "end" {
    sort(); was = ""; for (e = 1; e < cuts; e++) {
        t = cut[e]; len = cut[e + 1] - t; if (!len) continue
        s = judge(t); m = inside(ms, mf, mt, t); if (hs && !inside(hs, hf, ht, t)) s = "off"
        if (s != "off") { sum[s, m] += len; if (!m && s != "x" && stretched) sum["b"] += len }
        s = s "" m; if (s == "d0" && was != s) runs++; was = s
    }
    U = sum["u", 0] + sum["g", 0]; D = sum["d", 0] + 0; K = sum["x", 0] + 0; O = U + D + K
    Um = sum["u", 1] + sum["g", 1]; Dm = sum["d", 1] + 0; M = Um + Dm + sum["x", 1]
    print U, D, K, M, Um, Dm, sum["g", 0] + 0, sum["b"] + 0, runs, share(U, U + D), share(U, O), share(U + K, O, 1)
}
