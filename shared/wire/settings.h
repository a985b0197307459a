/* What a program is told beside its environment. */
#ifndef WIRE_SETTINGS_H
#define WIRE_SETTINGS_H

/** Where PENNYMETER_DATA is not set, take it from the file data.path beside the program, if there is one: suEXEC, under which
 *  Apache runs CGI programs on most shared hosts, hands over no variable of that name. What is wrong with the file is logged,
 *  and it is not used then. */
void settings_beside_program(void);

#endif
