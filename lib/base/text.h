/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, times and text, strict. */
#ifndef MS_BASE_TEXT_H
#define MS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"

/* Decimal digits only, min <= value <= max; else MS_USAGE naming `what`. */
int ms_parse_uint(const char *s, const char *what, uint64_t min, uint64_t max,
    uint64_t *ret, struct ms_err *err);
/* "90", "90s", "15m", "12h", "30d" to seconds. */
int ms_parse_duration(const char *s, const char *what, uint64_t *ret_s,
    struct ms_err *err);
/* RFC 3339 date or date-time ("2026-01-31", "2026-01-31T12:00:00Z", with an
 * offset; fractions are dropped), or "@SECONDS"; UTC seconds, years 1 to
 * 9999; else MS_USAGE. */
int ms_parse_time(const char *s, time_t *ret, struct ms_err *err);

#define MS_TIME_STR 32
/* RFC 3339 UTC "2026-01-31T12:00:00Z"; (time_t)-1 and what is outside the
 * years 1 to 9999 give "-". */
const char *ms_time_str(time_t t, char to[MS_TIME_STR]);
/* Civil date to UTC seconds without the C library's time zone. */
int64_t ms_time_civil(int year, int month, int day, int h, int m, int s);
/* UTC seconds to fields (tm_wday set too); false outside the years 1 to
 * 9999. */
bool ms_time_fields(time_t t, struct tm *tm);

/* Valid UTF-8 (RFC 3629), no surrogates, no overlong forms. */
bool ms_utf8_valid(const void *p, size_t n);
/* The length of the valid UTF-8 sequence (RFC 3629 section 4) that begins at
 * p, 1 to 4 bytes, or 0. */
size_t ms_utf8_len(const void *p, size_t n);
/* Append s with control bytes (C0, DEL, C1) and invalid UTF-8 escaped as
 * \xNN, so that it can go to a terminal or a TAB-separated line. */
int ms_escape(struct ms_buf *b, const char *s, size_t n, struct ms_err *err);

/* Base64 (RFC 4648 section 4), hexadecimal. */
int ms_base64_encode(const void *p, size_t n, struct ms_buf *b,
    struct ms_err *err);
/* Strict: no white space, right padding; MS_DATA otherwise. */
int ms_base64_decode(const char *s, size_t n, struct ms_buf *b,
    struct ms_err *err);
/* Text of so many groups of 3 bytes, 4 * groups characters, no NUL: the inner
 * loop for who adds lines and padding himself. */
void ms_base64_groups(const void *p, size_t groups, char *to);
/* The reverse.  Returns how many groups of 4 characters it decoded: it stops
 * before the first that holds anything outside the alphabet, `=` included. */
size_t ms_base64_ungroup(const char *s, size_t groups, unsigned char *to);
int ms_hex_encode(const void *p, size_t n, struct ms_buf *b,
    struct ms_err *err);
/* Either case; an odd count or any other character is MS_DATA. */
int ms_hex_decode(const char *s, size_t n, struct ms_buf *b,
    struct ms_err *err);

/* Random bytes from the library's generator; MS_OS on failure. */
int ms_random(void *p, size_t n, struct ms_err *err);

#endif
