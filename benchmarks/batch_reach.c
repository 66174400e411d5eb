#include <stdint.h>

/* Everything from which goods can have come to the ends: one pass over movements, latest departure first. */
int64_t latest_departures(int64_t n, const int32_t *from, const int32_t *to, const int64_t *departed,
                          const int64_t *arrived, int64_t *latest, uint8_t *reached) {
    int64_t count = 0;
    for (int64_t e = 0; e < n; e++) {
        if (arrived[e] <= latest[to[e]]) {
            reached[e] = 1;
            count++;
            if (latest[from[e]] < departed[e]) latest[from[e]] = departed[e];
        }
    }
    return count;
}
