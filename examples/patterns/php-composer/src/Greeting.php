<?php
namespace App;
class Greeting {}
