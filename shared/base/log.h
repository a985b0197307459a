/* The log: one line an event, to standard error, where every web server keeps it. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/** Name the program in each line from now on. The string is kept, not copied. */
void log_name(const char *program);

/** Write "pennymeter PROGRAM: MESSAGE". Never put a secret or a customer's data in it. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
